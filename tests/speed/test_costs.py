"""Stages beside what was computed of them, at a size that shows no more than that it works."""

from __future__ import annotations

import json

import pytest
from harness import MICRO, ROOT, Finished

from benchbench.cost.memory import KERNEL_BYTES, KERNELS
from benchmarks.costs import CASES, COMPILES, FAMILIES, QUICK, measured_stages
from benchmarks.stage_times import timed_stages


def test_stages_are_measured_and_computed():
    stages = list(measured_stages("gpt_neox", QUICK, given_back=False, most=1))
    assert [stage.stage for stage in stages] == ["score", "preference", "score"]
    for stage in stages:
        assert stage.computed_mib > 0 and stage.tokens.startswith("counted on ")
    (trained,) = (stage for stage in stages if stage.stage == "preference")
    assert trained.cpu_seconds is not None and trained.computed_gflop is not None and trained.computed_gflop > 0


def test_committed_memory_is_within_15_percent_where_freed_memory_is_given_back():
    """Of the first one under autocast with the kernels that are compiled beside it, as docs/scale.md says."""
    known = json.loads((ROOT / "results" / "performance" / "costs.json").read_text(encoding="utf-8"))
    trained = [stage for stage in known["stages"] if stage["stage"] == "preference" and stage["given_back"]]
    assert {stage["model"] for stage in trained} <= set(FAMILIES) and {stage["case"] for stage in trained} == set(CASES)
    ratios = {(stage["model"], stage["case"]): stage["computed_mib"] / stage["measured_mib"] for stage in trained}
    assert {case: ratio for case, ratio in ratios.items() if not 0.85 <= ratio <= 1.15} == {}


def test_a_kernel_has_the_bytes_and_the_number_that_were_measured():
    known = json.loads((ROOT / "results" / "performance" / "costs.json").read_text(encoding="utf-8"))
    kept = dict(known["kernels"])
    assert kept[KERNELS] * 2**20 == pytest.approx(KERNELS * KERNEL_BYTES, rel=0.02)
    assert kept[max(kept)] == pytest.approx(kept[KERNELS], rel=0.02), "more shapes are not kept"


def test_committed_times_are_within_25_percent_of_the_rate_of_like_stages():
    """Each beside the first with adapters, or without, and of its precision in the same process."""
    known = json.loads((ROOT / "results" / "performance" / "costs.json").read_text(encoding="utf-8"))
    first: dict[tuple[object, ...], float] = {}
    ratios = {}
    for stage in known["stages"]:
        if stage["cpu_seconds"] is None:
            continue
        kind = ("LoRA" in stage["case"], "autocast" in stage["case"], stage["case"] == COMPILES)
        process = (stage["model"], stage["given_back"], *kind)
        rate = stage["computed_gflop"] / stage["cpu_seconds"]
        ratios[(*process, stage["case"])] = rate / first.setdefault(process, rate)
    assert len(ratios) > len(first)
    assert {case: ratio for case, ratio in ratios.items() if not 0.75 <= ratio <= 1.25} == {}


def test_committed_stages_of_a_second_or_more_take_what_the_others_say():
    """But the one that also started the engine."""
    known = json.loads((ROOT / "results" / "performance" / "stage_times.json").read_text(encoding="utf-8"))
    ratios = {
        stage["title"]: stage["computed_seconds"] / stage["measured_seconds"]
        for stage in known["stages"]
        if stage["measured_seconds"] >= 1
    }
    assert {title for title, ratio in ratios.items() if not 0.75 <= ratio <= 1.25} == {
        "responses of dpo seed 42 on test"
    }
    assert len(ratios) == 45


def test_of_every_stage_the_others_say_how_long_it_takes(finished: Finished):
    timed = timed_stages(finished.runs, ["dpo", "simpo"], ["1"], str(MICRO))
    assert {"score", "preference"} <= {stage.kind for stage in timed}
    assert all(stage.computed_seconds > 0 for stage in timed)
