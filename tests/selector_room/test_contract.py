"""What every selector promises, for every selector found in the room."""

from __future__ import annotations

import dataclasses
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench import selectors
from benchbench.core.fields import field_docs
from benchbench.core.method import Candidates
from benchbench.core.rollout import DATA, Group, Labels
from benchbench.recipe.binding import bind

from .cases import CASES
from .toys import group, scores, selected

LETTERS = "abcdefgh"


@pytest.fixture(params=selectors.names())
def name(request) -> str:
    return request.param


def many(count: int = 20) -> tuple[list[Group], list[Labels | None]]:
    """Groups of two candidates of the split and four draws, scores 0 to 4, the last draw cut."""
    rng = np.random.default_rng(7)
    groups = [group(*(f"{k}{c}" for c in "pqr"), f"{k}s/", data=("w", "l"), example=f"e{k}") for k in range(count)]
    return groups, [labelled(*rng.permutation([4.0, 3.0, 2.5, 1.0, 0.5, 0.0])) for _ in groups]


def labelled(*values: float | None) -> Labels:
    """Scores, with every column that a selector of the room needs."""
    names = {name for case in CASES.values() for name in case.columns}
    return scores(*values, **{name: tuple(range(len(values))) for name in names})


def run(name: str, groups, labels, seed: int = 0):
    return selected(name, groups, labels, seed, **CASES[name].options)


def test_every_selector_has_a_case_and_every_case_a_selector():
    assert set(CASES) == set(selectors.names())


def test_the_same_draws_give_the_same_rows_and_nothing_is_changed(name: str):
    groups, labels = many()
    before = pickle.dumps((groups, labels))
    assert run(name, groups, labels, 3) == run(name, groups, labels, 3)
    assert pickle.dumps((groups, labels)) == before


def test_other_draws_matter_to_a_selector_that_draws_and_to_no_other(name: str):
    groups, labels = many()
    results = [run(name, groups, labels, seed) for seed in range(4)]
    assert any(result != results[0] for result in results) == selectors.get(name).random


def test_every_group_is_accounted_for(name: str):
    groups, labels = many()
    selection = run(name, groups, [*labels[:-2], None, None])
    assert len(selection.picks) == len(groups)
    assert sum(selection.dropped.values()) == sum(not rows for rows in selection.picks)
    assert any(selection.picks)
    assert all(reason and count > 0 for reason, count in selection.dropped.items())


def test_rows_are_of_the_groups_responses_with_the_declared_columns(name: str):
    selector = selectors.get(name)
    groups, labels = many()
    for of_group, rows in zip(groups, run(name, groups, labels).picks, strict=True):
        assert len({row.places for row in rows}) == len(rows)
        for row in rows:
            assert len(set(row.places)) == len(row.places)
            assert set(row.places) <= set(range(len(of_group.responses)))
            assert selector.candidates is not Candidates.PAIR or len(row.places) == 2
            assert set(selector.makes_columns) <= set(row.columns)
            for value in row.columns.values():
                assert isinstance(value, float) or len(value) == len(row.places)


def test_pairs_by_score_have_the_higher_score_first_and_say_how_likely_it_wins(name: str):
    groups, labels = many()
    for of_group, rows in zip(labels, run(name, groups, labels).picks, strict=True):
        for row in rows:
            if "score_gap" in selectors.get(name).makes_columns:
                first, second = (of_group.scores[place] for place in row.places)
                assert row.columns["score"] == (first, second)
                assert row.columns["score_gap"] == first - second > 0
                assert row.columns["p_chosen"] == of_group.win(*row.places) > 0.5


def test_without_labels_a_selector_that_needs_them_says_so(name: str):
    groups, _ = many(3)
    selection = run(name, groups, [None] * 3)
    if selectors.get(name).needs_labels:
        assert selection.dropped == {"no label": 3}
    else:
        assert all(selection.picks)


@pytest.mark.parametrize("texts", [(), ("a",), ("a", "a"), ("a/", "b/")])
def test_groups_without_two_different_usable_responses_are_counted(name: str, texts):
    if name in ("all_candidates", "all_draws", "path_alone", "right_wrong"):
        return  # repeated draws stay, one response is enough, and one set alone makes no pair: their own tests
    selection = run(name, [group(*texts)], [scores(*(float(k) for k in range(len(texts))))])
    assert selection.picks == [()]
    assert sum(selection.dropped.values()) == 1


def test_no_group_gives_no_row(name: str):
    selection = run(name, [], [])
    assert (list(selection.picks), dict(selection.dropped)) == ([], {})


@pytest.mark.parametrize("value", [1.0, None])
def test_equal_scores_and_missing_scores_make_no_pair(name: str, value: float | None):
    if not CASES[name].drops_ties:
        return
    selection = run(name, [group("a", "b", "c")], [scores(value, value, value)])
    assert selection.picks == [()]


def test_a_cut_response_is_never_preferred_by_default_and_never_used_where_it_is_dropped(name: str):
    if not CASES[name].cuts:
        return
    groups = [group("a/", "b", "c/", "d", data=("w", "l"), example=f"e{k}") for k in range(6)]
    labels = [labelled(1.0, 0.0, 4.0, 3.0, 2.0, 0.5)] * 6
    every = [row for rows in run(name, groups, labels).picks for row in rows]
    assert every
    if selectors.get(name).candidates is Candidates.PAIR:
        assert all(not groups[0].responses[row.places[0]].is_cut for row in every)
    dropped = selected(name, groups, labels, **{**CASES[name].options, "cut": "drop"})
    used = [place for rows in dropped.picks for row in rows for place in row.places]
    assert used and all(not groups[0].responses[place].is_cut for place in used)


def test_leaving_out_other_groups_shifts_no_draw(name: str):
    if name in ("budgeted", "mc_dropout_confidence", "west_of_n"):
        return  # they choose among the groups
    groups, labels = many()
    whole = run(name, groups, labels).picks
    assert run(name, groups[5:9], labels[5:9]).picks == whole[5:9]
    assert run(name, groups[::-1], labels[::-1]).picks == whole[::-1]


def test_options_are_frozen_documented_and_bound_as_a_recipe_gives_them(name: str):
    options = selectors.get(name).options
    assert options.__dataclass_params__.frozen
    assert set(field_docs(options)) == {field.name for field in dataclasses.fields(options)}
    bound, faults = bind(options, CASES[name].options, where="here")
    assert faults == [] and bound == options(**CASES[name].options)


def test_a_selector_says_what_it_does(name: str):
    selector = selectors.get(name)
    assert inspect.getdoc(selector.select)
    assert selector.version >= 1
    assert set(selector.drawn_by) <= set(selector.makes_columns)
    if selector.needs_data(selector.options(**CASES[name].options)):
        groups, labels = many(1)
        drawn = [dataclasses.replace(g, responses=tuple(r for r in g.responses if r.source != DATA)) for g in groups]
        assert run(name, drawn, labels).picks == [()]


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.none() | st.integers(-3, 3).map(float), max_size=6),
    cut=st.lists(st.booleans(), min_size=6, max_size=6),
    letters=st.lists(st.sampled_from("abc"), min_size=6, max_size=6),
    ties=st.sampled_from(["drop", "keep"]),
    rule=st.sampled_from(["keep", "drop", "reject_only"]),
)
def test_whatever_is_drawn_every_row_obeys_the_options(values, cut, letters, ties, rule):
    """Repeated texts, cuts, ties and missing scores in any mixture, for every selector of scored pairs."""
    texts = [letter + ("/" if is_cut else "") for letter, is_cut, _ in zip(letters, cut, values, strict=False)]
    of_group, labels = group(*texts), labelled(*values)
    for name, case in CASES.items():
        known = {field.name for field in dataclasses.fields(selectors.get(name).options)}
        if not {"ties", "cut"} <= known:
            continue
        selection = selected(name, [of_group], [labels], **{**case.options, "ties": ties, "cut": rule})
        assert sum(selection.dropped.values()) == (not selection.picks[0])
        for row in selection.picks[0]:
            first, second = (of_group.responses[place] for place in row.places)
            of_first, of_second = (values[place] for place in row.places)
            assert of_first is not None and of_second is not None
            assert of_first > of_second or (ties == "keep" and of_first == of_second)
            assert first.scored != second.scored
            assert not (first.is_cut and rule != "keep")
            assert not (second.is_cut and rule == "drop")
