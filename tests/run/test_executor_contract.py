"""What every executor keeps to: each stage runs once, records are believed and no exits, and a stop is heard."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchbench.core.records import StageSpec
from benchbench.run.executor import Executor, StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.local import LocalExecutor
from benchbench.run.ray import RayExecutor
from benchbench.run.scheduler import Scheduler
from benchbench.store.runs import RunStore

from . import fake_worker
from .test_scheduler import Heard

SECONDS = 120
NO_RAY = "the package ray is not installed: pip install 'benchbench[ray]'"
MAKERS: dict[str, Callable[[Path], Executor]] = {
    "local": lambda root: LocalExecutor(root, ["cpu", "cpu"], threads=1, target=fake_worker.work),
    "ray": lambda root: RayExecutor(root, ["cpu", "cpu"], threads=1, target=fake_worker.work),
}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    (tmp_path / "runs" / "running").mkdir(parents=True)
    return RunStore(tmp_path / "runs")


@pytest.fixture(
    params=[
        "local",
        pytest.param("ray", marks=[pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason=NO_RAY)]),
    ]
)
def executor(request: pytest.FixtureRequest, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    if request.param == "ray":  # its actors know modules of tests by this alone
        places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    made = MAKERS[request.param](store.root)
    yield made
    made.close()


def small(title: str, inputs: dict[str, str] | None = None, **settings: object) -> StageSpec:
    return StageSpec("sft", title, {"title": title, **settings}, inputs or {}, {})


def heard(executor: Executor, until: type[StageEvent]) -> StageEvent:
    """The next event of a kind."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for event in executor.events(0.5):
            if isinstance(event, until):
                return event
    raise AssertionError(f"no {until.__name__} after {SECONDS} s")


def test_an_executor_runs_each_stage_once_believes_records_and_hears_a_stop(store: RunStore, executor: Executor):
    """One body for all, since a cluster takes seconds to start."""
    together = [small(f"together {number}", meet=2) for number in range(2)]
    dies, after = small("dies", die=True), small("after", {"one": together[0].key, "two": together[1].key})
    aborts, blocked = small("aborts", abort=True), small("blocked", {"before": dies.key})
    specs = [*together, dies, after, aborts, blocked, small("beside")]
    result = Scheduler(Open(executor), store, listener := Heard()).run({spec.key: spec for spec in specs})
    assert list(result.failed) == [dies.key] and list(result.blocked) == [blocked.key]
    done = [spec for spec in specs if spec not in (dies, blocked)]
    records = [record for spec in done if (record := store.record(spec.key)) is not None]
    assert [record.status for record in records] == ["done"] * 5, "the one that aborted was done"
    assert sorted(listener.events.count(("started", spec.title)) for spec in specs) == [0, *[1] * 6]
    assert {record.attempts for record in records} == {1}
    assert result.failed[dies.key].message and store.record(blocked.key) is None

    slot = executor.slots()[0]
    executor.submit(small("waits", until_stopped=True), StageNeeds(), slot)
    assert isinstance(heard(executor, StageProgress), StageProgress)
    with pytest.raises(ValueError, match="is running there"):
        executor.submit(small("second"), StageNeeds(), slot)
    executor.stop(hard=False)
    ended = heard(executor, StageEnded)
    assert isinstance(ended, StageEnded) and ended.record.status == "interrupted"
    assert ended.record == store.record(ended.key)


class Open:
    """An executor that a scheduler does not close."""

    def __init__(self, executor: Executor) -> None:
        self.slots, self.submit, self.events, self.stop = (
            executor.slots,
            executor.submit,
            executor.events,
            executor.stop,
        )

    def close(self) -> None:
        """Not yet."""


def test_stages_that_are_stopped_at_once_are_lost(store: RunStore, executor: Executor):
    executor.submit(waits := small("waits", until_stopped=True), StageNeeds(), executor.slots()[0])
    heard(executor, StageProgress)
    executor.stop(hard=True)
    lost = heard(executor, StageLost)
    assert isinstance(lost, StageLost) and lost.key == waits.key and lost.reason
