"""Flagged pairs: one name each, and a metric with and without them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.flags import NAMES, count_flags, in_words
from benchbench.comparison.pairs.measure import measure
from benchbench.comparison.pairs.scorings import pairs
from benchbench.report.flags import flagged_rows, flags_frame, shown_flags
from benchbench.report.frames import measurements_frame

from ..rows import cell, score_frame, toy_cells


def flagged(chosen=(4.0, 1.0, 0.0, 2.0, 3.0, 0.0, 5.0), rejected=(1.0, 2.0, 0.0, 2.0, 1.0, 1.0, 2.0), **more):
    """Seven pairs: whole, and one for each name in its order of precedence."""
    frame = score_frame(list(chosen), list(rejected), n_tokens=np.full(14, 10), **more)
    frame.loc[[2, 3], ["truncated", "empty", "identical", "overlong"]] = True
    frame.loc[[2, 3], "n_tokens"] = 0  # cut to nothing, and so the same tokens
    frame.loc[4, "empty"] = True  # blank text
    frame.loc[[6, 7], ["truncated", "identical"]] = True
    frame.loc[[8, 9], "identical"] = True
    frame.loc[11, ["truncated", "overlong"]] = True
    frame.loc[12, "overlong"] = True
    return frame


def test_every_pair_has_the_first_name_that_applies():
    assert pairs(flagged()).flags.tolist() == ["", *NAMES]
    assert pairs(flagged().sample(frac=1, random_state=0)).flags.tolist() == ["", *NAMES]


def test_counts_add_up_to_the_pairs_with_a_flag():
    counts = count_flags(pairs(flagged()).flags)
    assert counts == dict.fromkeys(NAMES, 1) and list(counts) == list(NAMES)
    assert in_words({"identical": 3, "truncated": 12}, 100) == "3 identical, 12 truncated (of 100)"
    assert count_flags(pairs(score_frame([1.0], [0.0])).flags) == {}


def test_pairs_cut_to_nothing_are_not_called_identical_where_they_are_left_out():
    """364 of 1,746 real pairs were."""
    chosen = np.arange(10.0)
    frame = score_frame(chosen, chosen - 1, n_tokens=np.full(20, 10))
    frame.loc[:7, ["truncated", "empty", "identical"]] = True
    frame.loc[:7, "n_tokens"] = 0
    frame.loc[[8, 9], "identical"] = True
    notes = {measured.note for measured in measure(frame, exclude=("identical",))}
    assert {note.split("; ")[-1] for note in notes} == {"left out: 4 empty after truncation, 1 identical"}


def cells(labels=("dpo", "simpo"), seeds=(1, 2)):
    rng = np.random.default_rng(0)
    return [
        cell(label, seed, flagged(rng.normal(size=7), rng.normal(size=7), seed=seed, method=label))
        for label in labels
        for seed in seeds
    ]


def compared(made, **options):
    return compare(made, baseline="dpo", metrics=[], rng_seed=0, draws=20, **options)


@pytest.mark.parametrize("exclude", [(), ("identical",), ("identical", "truncated", "empty", "overlong")])
def test_a_metric_is_shown_over_all_pairs_without_flagged_ones_and_over_those_alone(exclude):
    """Whatever the recipe leaves out."""
    made = cells()
    rows = flagged_rows(made, compared(made, exclude=exclude), "pair_accuracy", "logp_mean", tie_credit=0.5)
    assert [row.candidate for row in rows] == ["dpo", "simpo"]
    for row in rows:
        assert (row.n, row.n_flagged) == (7, 6)
        own = [one for one in made if one.label == row.candidate]
        for seed, one in enumerate(own):
            won = np.asarray(one.frame["logp_mean"]).reshape(-1, 2)
            won = (won[:, 0] > won[:, 1]) + 0.5 * (won[:, 0] == won[:, 1])
            expected = [won.mean(), won[0], won[1:].mean()]
            assert [row.every[seed], row.unflagged[seed], row.flagged[seed]] == pytest.approx(expected)


def test_what_is_shown_says_what_is_flagged_and_rests_on_what():
    made = cells()
    title, table = shown_flags(flagged_rows(made, compared(made), "pair_accuracy", "logp_mean", tie_credit=0.5))
    assert title.startswith("flagged pairs: 1 empty after truncation, 1 empty, 1 cut to the same tokens, 1 identical, ")
    assert "1 truncated, 1 overlong (of 7)" in title and "pair_accuracy under logp_mean" in title
    assert [row["method"] for row in table] == ["dpo", "simpo"]
    for row in table:
        found = [row[key].partition(" ")[2] for key in ("all pairs", "without flagged", "flagged alone")]
        assert found == ["(n 7)", "(n 1)", "(n 6)"]


def test_without_flagged_pairs_there_is_nothing_to_show():
    made = toy_cells({"dpo": 0.1, "simpo": 0.3}, n=12)
    rows = flagged_rows(made, compared(made), "pair_accuracy", "logp_mean", tie_credit=0.5)
    assert shown_flags(rows) is None
    for row in rows:
        assert row.every == row.unflagged and all(math.isnan(value) for value in row.flagged)
    assert not measurements_frame(made)["note"].str.contains("flag|left out").any()


def test_tidy_rows_name_the_subset_and_every_count():
    made = cells()
    rows = flagged_rows(made, compared(made), "pair_accuracy", "logp_mean", tie_credit=0.5)
    frame = flags_frame(rows, baseline="dpo", seeds=(1, 2))
    assert list(frame["subset"]) == ["all", "unflagged", "flagged"] * 2
    assert list(frame["n"]) == [7, 1, 6] * 2
    assert set(frame["methods"]) == {"dpo simpo"} and set(frame["seeds"]) == {"1 2"}
    for name in NAMES:
        assert set(frame["n_" + name.replace(" ", "_")]) == {1}


def test_every_measurement_says_what_its_pairs_are():
    note = measurements_frame(cells())["note"].iloc[0]
    assert note.endswith("1 truncated, 1 overlong (of 7)") and "flagged pairs: 1 empty after truncation" in note


def test_pairs_of_a_mask_keep_their_prompts_apart():
    frame = flagged(prompt=np.repeat(["a", "a", "b", "b", "c", "c", "c"], 2))
    made = pairs(frame)
    assert made.only(made.flags == "").prompt is None
    assert made.only(made.flags != "").prompt.tolist() == [0, 1, 1, 2, 2, 2]
