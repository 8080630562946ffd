"""The tables of responses say of their judge whether it contradicts itself."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchbench.commands.compare.win_rates import Samples
from benchbench.comparison.win_rates.against import against
from benchbench.comparison.win_rates.self_consistency import self_consistency


def verdicts(*, follows_the_slot: bool, prompts: int = 12) -> pd.DataFrame:
    """Both orders of a contest per prompt, of a judge that names the first slot, or the label on every third prompt."""
    rows = []
    for place in range(prompts):
        for order in ("first", "second"):
            outcome = float(order == "first") if follows_the_slot else float(place % 3 == 0)
            rows.append(
                {
                    "example": f"e{place:02d}",
                    "sample": 0,
                    "label": "dpo",
                    "opponent": "sft",
                    "order": order,
                    "outcome": outcome,
                    "identical": False,
                    "length": 10 + place,
                    "opponent_length": 12,
                    "score": math.nan,
                    "opponent_score": math.nan,
                }
            )
    return pd.DataFrame(rows)


def samples(*, follows_the_slot: bool) -> Samples:
    frames = {1: verdicts(follows_the_slot=follows_the_slot), 2: verdicts(follows_the_slot=follows_the_slot)}
    rows = [against(frames, judge="stub")]
    consistency = {"sft": self_consistency(frames.values())}
    marks = {"dpo": ()}
    return Samples(rows, pd.DataFrame(), "stub", "test", "", "", "", "1", "", marks, consistency=consistency)


@pytest.mark.parametrize("follows_the_slot", [True, False])
def test_a_judge_that_contradicts_itself_marks_its_table_and_another_does_not(follows_the_slot: bool):
    judged = samples(follows_the_slot=follows_the_slot)
    title, _ = judged.win_rates("sft")
    said = "the judge contradicts itself between the two orders more often than by lot (12 of 12 prompts; binomial test"
    assert (said in title) is follows_the_slot
    values = judged.as_values()["judge_consistency"]
    assert values["sft"]["contradicting"] == (12 if follows_the_slot else 0)
    assert (said in values["sft"]["note"]) is follows_the_slot and values["sft"]["contests"] == 24
