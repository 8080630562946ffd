"""Numbers of each prompt behind a point of a curve."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.frontier.prompts import (
    SCORE_GAINED,
    WIN_RATE,
    itself,
    kl_by_prompt,
    shared_prompts,
    stacked,
    values_by_prompt,
)

from ..verdict_rows import frame, verdict


def responses(rows: list[tuple[str, float, float | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["example", "logp_sum", "ref_logp_sum"])


def test_the_kl_of_a_prompt_is_the_mean_over_its_samples():
    found = kl_by_prompt(responses([("e0", -1.0, -2.0), ("e0", -1.0, -4.0), ("e1", -3.0, -2.5)]))
    assert found is not None
    assert found.to_dict() == {"e0": 2.0, "e1": -0.5}


def test_without_the_log_probabilities_of_the_start_there_is_no_kl():
    assert kl_by_prompt(responses([("e0", -1.0, None)])) is None


def scored(rows: pd.DataFrame, scores: list[float], others: list[float]) -> pd.DataFrame:
    return rows.assign(score=scores, opponent_score=others)


def test_wins_and_gained_score_of_each_prompt():
    """Two samples of e0, one won by 2 and one tied since the texts are equal; of e1 no verdict came."""
    rows = frame(verdict("e0", 1.0), verdict("e0", 0.5, sample=1, identical=True), verdict("e1", math.nan))
    values = values_by_prompt(scored(rows, [3.0, math.nan, math.nan], [1.0, math.nan, math.nan]))
    assert values[WIN_RATE]["e0"] == 0.75 and math.isnan(values[WIN_RATE]["e1"])
    assert values[SCORE_GAINED]["e0"] == 1.0 and math.isnan(values[SCORE_GAINED]["e1"])


def test_a_judge_without_scores_gives_wins_alone():
    rows = scored(frame(verdict("e0", 1.0)), [math.nan], [math.nan])
    assert list(values_by_prompt(rows)) == [WIN_RATE]


def test_a_row_ties_with_itself():
    assert itself(["a", "b"], WIN_RATE).tolist() == [0.5, 0.5]
    assert itself(["a", "b"], SCORE_GAINED).tolist() == [0, 0]


def test_prompts_are_those_that_every_number_is_known_of():
    first, second = pd.Series({"a": 1.0, "b": 2.0, "c": math.nan}), pd.Series({"b": 5.0, "a": 4.0, "c": 1.0})
    prompts = shared_prompts([first, second])
    assert prompts == ["a", "b"]
    assert stacked({1: first, 2: second}, prompts) == pytest.approx(np.array([[1, 2], [4, 5]]))
    assert shared_prompts([]) == []
