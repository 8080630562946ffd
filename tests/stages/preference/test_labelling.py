"""Labels of drawn groups, and the rows of groups of which the oracle does not know all."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.judge import JudgeContext
from benchbench.core.oracle import OracleContext
from benchbench.core.rollout import Group, Labels, RolloutResponse
from benchbench.stages.preference.labelling import Chooser, Labeller


def group(name: str, responses: int = 3) -> Group:
    """A prompt with so many responses of one token each."""
    texts = [RolloutResponse((10 + k,), 2, "stop", "policy", str(k)) for k in range(responses)]
    return Group(name, 1, (1, 5), (), tuple(texts))


def labeller(*answers: tuple[int, Labels], folder: Any) -> Labeller:
    """An oracle that gives these."""
    oracle: Any = SimpleNamespace(name="some", label=lambda options, groups, context: iter(answers))
    return Labeller(oracle, None, OracleContext(JudgeContext(folder)), seed=1)


def scored(*scores: float | None) -> Labels:
    return Labels(scores=scores, answers=len(scores))


def test_labels_have_the_order_of_the_groups_whatever_order_they_come_in(tmp_path):
    first, second = scored(1.0), scored(2.0)
    assert labeller((1, second), (0, first), folder=tmp_path).labels([group("a"), group("b")], 0) == [first, second]


def test_what_an_oracle_draws_is_named_by_the_step_and_not_by_the_responses(tmp_path):
    """So the labels of a step are other ones than those of the next, whatever was drawn, and methods share them."""

    def by_chance(options: Any, groups: Any, context: OracleContext) -> Any:
        return ((place, scored(float(context.draws_of(each).random()))) for place, each in enumerate(groups))

    oracle: Any = SimpleNamespace(name="some", label=by_chance)
    asked = Labeller(oracle, None, OracleContext(JudgeContext(tmp_path)), seed=1)
    first = asked.labels([group("a", 1), group("b", 1)], 0)
    assert asked.labels([group("a", 3), group("b", 3)], 0) == first
    assert len({labels.scores for labels in (*first, *asked.labels([group("a", 1), group("b", 1)], 1))}) == 4


def test_an_oracle_that_leaves_a_group_out_is_not_believed(tmp_path):
    with pytest.raises(RuntimeError, match="oracle some gave labels of 1 of 2 groups"):
        labeller((1, scored(1.0)), folder=tmp_path).labels([group("a"), group("b")], 0)


def test_responses_without_a_score_keep_their_place_where_the_method_leaves_them_out_itself():
    (row,) = Chooser(None, None, 1).rows([group("a")], [scored(1.0, None, 2.0)], 0)
    assert len(row.candidates) == 3
    assert [math.isnan(score) for score in row.columns["score"]] == [False, True, False]


def test_elsewhere_responses_without_a_score_are_no_candidates():
    labels = [scored(1.0, None, 2.0), scored(1.0, None, None), scored(None, None, None), scored(1.0, 2.0, 3.0)]
    rows = Chooser(None, None, 1, fewest_scored=2).rows([group(name) for name in "abcd"], labels, 0)
    assert [row.id[0] for row in rows] == ["a", "d"], "one response alone is compared with nothing"
    assert rows[0].columns["score"] == (1.0, 2.0)
    assert [candidate.tokens[2] for candidate in rows[0].candidates] == [10, 12]
