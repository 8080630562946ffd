"""The played queue: worked by hand, beside the scheduler's own order, and a thousand cells on 64 devices."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchbench.core.records import StageSpec
from benchbench.cost.queue import QueueConditions, QueuedStage, grid_jobs, job_of, simulate
from benchbench.store.runs import RunStore
from tests.run.test_scheduler import PlayedExecutor, stage
from tests.run.test_scheduler import run as run_scheduler

AT_ONCE = QueueConditions(start_seconds=0)


@pytest.fixture(scope="module")
def grid() -> list[QueuedStage]:
    return grid_jobs()


def test_two_devices_and_a_chain_by_hand():
    """All take 10 seconds, b after a: first a, of the longest chain, and d; then c, which comes before b, and b."""
    jobs = [QueuedStage("d", 10), QueuedStage("c", 10), QueuedStage("a", 10), QueuedStage("b", 10, ("a",), weight=1)]
    played = simulate(jobs, 2, AT_ONCE)
    assert played.order == ["a", "d", "c", "b"]
    assert (played.seconds, played.useful_seconds, played.efficiency) == (20, 40, 1.0)
    assert simulate(jobs, 1, AT_ONCE).seconds == 40
    assert simulate(jobs, 2, QueueConditions(start_seconds=5)).seconds == 30


def test_an_input_that_is_no_job_is_finished():
    assert simulate([QueuedStage("b", 7, ("a",))], 3, AT_ONCE).seconds == 7


def test_what_cannot_be_played_is_refused():
    with pytest.raises(ValueError, match="1 device"):
        simulate([QueuedStage("a", 1)], 0)
    assert simulate([], 2).efficiency == 1.0


def test_a_failure_costs_what_came_after_the_last_checkpoint():
    """Every failure is noticed, the stage is begun again, and only work after its last checkpoint is done twice."""
    conditions = QueueConditions(0, mean_hours_to_failure=0.1, notice_seconds=30, checkpoint_seconds=50)
    played = simulate([QueuedStage("a", 1000)], 1, conditions)
    assert played.failures == len(played.order) - 1 > 0
    assert 0 < played.lost_seconds < 50 * played.failures
    assert played.seconds == pytest.approx(1000 + played.lost_seconds + 30 * played.failures)


def test_devices_that_may_draw_are_a_limit_of_their_own():
    """Three draws on one engine are 30 seconds; the score does not wait for it."""
    jobs = [*(QueuedStage(f"draw {n}", 10, engine=True) for n in range(3)), QueuedStage("score", 10)]
    played = simulate(jobs, 4, QueueConditions(0, engines=1))
    assert played.seconds == 30
    assert played.order[:2] == ["draw 0", "score"]
    assert simulate(jobs, 4, AT_ONCE).seconds == 10


def test_the_order_is_the_schedulers(tmp_path: Path):
    """The same graph, stages of equal length on one device: the scheduler starts them in the simulation's order."""
    specs: list[StageSpec] = []
    for group in range(3):
        base = stage("sft", f"sft {group}")
        held_out = stage("score", f"score sft {group}", base)
        specs += [base, held_out]
        for method in range(2):
            policy = stage("preference", f"method {method} {group}", base)
            drawn = stage("generate", f"draw {method} {group}", policy)
            scored = stage("score", f"score {method} {group}", policy)
            specs += [policy, scored, drawn, stage("judge", f"judge {method} {group}", drawn)]
    executor = PlayedExecutor(RunStore(tmp_path / "runs"))
    run_scheduler(executor, *specs)
    played = simulate([job_of(spec, 60) for spec in specs], 1, AT_ONCE)
    titles = {spec.key: spec.title for spec in specs}
    assert [titles[key] for key in played.order] == [title for title, _ in executor.submitted]


def test_a_thousand_cells(grid: list[QueuedStage]):
    kinds = Counter(job.key.partition("/")[0] for job in grid)
    assert kinds["preference"] == 1000 and len(grid) == 5000
    assert all(180 <= job.seconds <= 1800 for job in grid)


def test_throughput_on_64_devices_is_linear_but_for_a_twentieth_failures_included(grid: list[QueuedStage]):
    """One device in ten hours fails; a loss is noticed after a minute."""
    failing = QueueConditions(mean_hours_to_failure=10)
    plain, played = simulate(grid, 64), simulate(grid, 64, failing)
    assert plain.efficiency >= 0.97
    assert played.failures > 100
    assert 0.95 <= played.efficiency < plain.efficiency


def test_two_minutes_of_start_cost_a_tenth(grid: list[QueuedStage]):
    short, long = simulate(grid, 64), simulate(grid, 64, QueueConditions(start_seconds=120))
    assert 0.08 < short.efficiency - long.efficiency < 0.12


def test_one_engine_for_all_devices_would_leave_most_of_them_idle(grid: list[QueuedStage]):
    """Why every card may hold one."""
    assert simulate(grid, 64, QueueConditions(engines=1)).efficiency < 0.1
