"""How long a grid has left, worked by hand."""

from __future__ import annotations

import pytest

from benchbench.core.records import StageSpec
from benchbench.run.grid_clock import GridClock, duration


def stage(kind: str, name: str, *inputs: StageSpec) -> StageSpec:
    return StageSpec(kind, name, {"name": name}, {f"input {k}": spec.key for k, spec in enumerate(inputs)}, {})


SFT = stage("sft", "sft")
DPO = stage("preference", "dpo", SFT)
IPO = stage("preference", "ipo", SFT)
SCORES = [stage("score", "score dpo", DPO), stage("score", "score ipo", IPO)]
GRID = {spec.key: spec for spec in (SFT, DPO, IPO, *SCORES)}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_a_duration_in_words(seconds: float, text: str):
    assert duration(seconds) == text


def test_what_is_unknown_makes_it_at_least_so_long():
    clock = GridClock(GRID, now=0.0)
    assert clock.left(0.0) == (0.0, False)
    clock.started(SFT, 0.0)
    clock.progress(SFT.key, 1, 11, 10, 5.0)
    clock.progress(SFT.key, 2, 11, 20, 7.0)
    assert clock.left(7.0) == (18.0, False), "nine steps of two seconds; preference and score are unknown"
    assert clock.in_words(7.0) == "0/5 stages done, 7 s elapsed, at least 18 s left"


def test_a_chain_of_stages_takes_the_sum_of_their_times_and_a_grid_its_work_over_its_places():
    """SFT 10 s, then two preference stages of 30 s, each with a score of 5 s: one chain is 45 s, all work 80 s."""
    clock = GridClock(GRID, now=0.0, seconds={"sft": 10.0, "preference": 30.0, "score": 5.0})
    assert clock.left(0.0) == (80.0, True)
    clock.started(SFT, 0.0)
    clock.ended(SFT, 10.0, is_done=True)
    clock.started(DPO, 10.0)
    clock.started(IPO, 10.0)
    assert clock.left(10.0) == (35.0, True), "two places"
    assert clock.left(20.0) == (25.0, True), "and ten seconds of what runs are over"


def test_times_of_this_run_count_more_than_earlier_ones():
    clock = GridClock(GRID, now=0.0, seconds={"sft": 1.0, "preference": 1.0, "score": 1.0})
    clock.started(SFT, 0.0)
    clock.ended(SFT, 9.0, is_done=True)
    clock.started(DPO, 9.0)
    clock.ended(DPO, 40.0, is_done=True)
    assert clock.left(49.0) == (42.0, True), "the other preference stage takes 40 s, too"


def test_what_reads_a_failed_stage_is_blocked_and_waited_for_no_more():
    clock = GridClock(GRID, now=0.0, seconds={"preference": 30.0, "score": 5.0})
    clock.started(SFT, 0.0)
    clock.ended(SFT, 1.0, is_done=False)
    assert clock.in_words(61.0) == "0/5 stages done, 1 failed, 4 blocked, 1 min 01 s elapsed"


def test_a_stage_that_went_back_to_its_checkpoint_is_timed_anew():
    clock = GridClock(GRID, now=0.0)
    clock.started(SFT, 0.0)
    for step, now in ((1, 1.0), (2, 2.0), (1, 10.0)):
        timed = clock.progress(SFT.key, step, 4, step, now)
    assert timed.left(10.0) is None and timed.rate() is None
    assert clock.progress(SFT.key, 2, 4, 2, 13.0).left(13.0) == 6.0
