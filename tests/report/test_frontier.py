"""The frontier as tables and as tidy rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.comparison.frontier.curves import Curve, Point
from benchbench.comparison.frontier.matched import at_kl
from benchbench.comparison.frontier.summary import PointSummary, summaries
from benchbench.report.frontier import (
    frontier_title,
    matched_frame,
    matched_title,
    points_frame,
    seeds_frame,
    shown_matched,
    shown_points,
)

SEEDS = (1, 2)


def curve(name: str, kls: tuple[float, ...], rng_seed: int) -> Curve:
    rng = np.random.default_rng(rng_seed)
    points = [
        Point(f"{name}@{kl:g}", kl + rng.normal(0, 0.01, (2, 50)), (rng.random((2, 50)) < 0.6).astype(float))
        for kl in kls
    ]
    return Curve(name, points, Point("sft", np.zeros((2, 50)), np.full((2, 50), 0.5)))


def points() -> list[PointSummary]:
    curves = [curve("dpo", (2.0, 0.5), 0), curve("ipo", (1.0,), 1)]
    return [
        row
        for quantity in ("win_rate", "score_gained")
        for row in summaries(curves, quantity, seeds=SEEDS, runs={"dpo": [1, 1]})
    ]


def test_points_stand_by_their_kl_behind_the_start_with_a_column_for_each_quantity():
    shown = shown_points(points())
    assert [row["point"] for row in shown] == ["sft", "dpo@0.5", "dpo@2", "ipo@1"]
    assert list(shown[0]) == ["curve", "point", "KL [95%]", "win rate [95%]", "score gained [95%]"]
    assert shown[0]["KL [95%]"] == "0.0000 [n/a]" and shown[3]["win rate [95%]"].count(",") == 1


def test_copies_of_one_run_say_so_in_the_note():
    frame = points_frame(points())
    notes = frame.set_index("point")["note"]
    assert "seed variance not estimated" in notes["dpo@2"].iloc[0] and "seed variance" not in notes["ipo@1"].iloc[0]
    assert (frame["kl_low"] <= frame["kl"]).sum() == len(frame) - 2


def test_the_file_of_seeds_has_what_the_curves_are_made_of():
    frame = seeds_frame(points(), SEEDS)
    assert len(frame) == 2 * 4 * 2 and set(frame["seed"]) == set(SEEDS)
    means = frame.groupby(["quantity", "point"])["value"].mean()
    table = points_frame(points()).set_index(["quantity", "point"])["value"]
    assert means.to_dict() == pytest.approx(table.to_dict())


def test_rows_at_one_kl_have_every_seed_and_the_difference_to_the_baseline():
    rows = at_kl([curve("dpo", (0.5, 2), 0), curve("ipo", (0, 3), 1)], 1.0, seeds=SEEDS, baseline="ipo", is_rate=True)
    first, second = shown_matched(rows)
    assert second["difference [95%]"] == "baseline" and second["p Holm"] == "n/a"
    assert first["difference [95%]"][0] in "+-" and len(first["seeds 1, 2"].split()) == 2
    title = matched_title("win_rate", rows, "sft")
    assert title.startswith("at KL 1 nats per response: win rate against sft") and "baseline ipo" in title
    assert "its own error is not in the interval" in title
    frame = matched_frame({"win_rate": rows})
    assert frame["difference"].isna().tolist() == [False, True] and math.isnan(frame["p_holm"].iloc[1])


def test_the_title_says_what_is_not_in_the_table():
    assert frontier_title("sft", 300, 0, []).endswith("against sft; 300 prompts")
    assert frontier_title("sft", 290, 10, ["kto"]).endswith(
        "290 prompts, 10 left out of which something is not known; without a KL or verdicts, and so not here: kto"
    )
