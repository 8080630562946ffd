"""Two hosts of a real Ray cluster, as processes of this machine: each has a place, and one of them is lost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.records import StageSpec
from benchbench.run import ray as executor_of_ray
from benchbench.run import ray_cluster
from benchbench.run.executor import StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.ray import RayExecutor

from . import fake_worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("ray") is None, reason="the package ray is not installed: pip install 'benchbench[ray]'"
    ),
]
SECONDS = 180


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A host with one CPU, which the executor finds by its address."""
    (tmp_path / "running").mkdir()
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    )
    for name, value in ray_cluster._QUIET.items():
        monkeypatch.setenv(name, value)
    ray_cluster.set_variables(tmp_path)
    hosts = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    monkeypatch.setenv(executor_of_ray.ADDRESS, hosts.address)
    yield hosts
    hosts.shutdown()


def stage(title: str, **settings: object) -> StageSpec:
    return StageSpec("sft", title, {"title": title, **settings}, {}, {})


def heard(executor: RayExecutor, is_enough: Callable[[list[StageEvent]], bool]) -> list[StageEvent]:
    """Events until they are enough."""
    events, deadline = list[StageEvent](), time.monotonic() + SECONDS
    while not is_enough(events):
        assert time.monotonic() < deadline, events
        events += executor.events(0.5)
    return events


def test_a_host_that_is_lost_loses_its_stage_and_its_place(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(executor_of_ray, "PLACEMENT_SECONDS", 60.0)
    second = cluster.add_node(num_cpus=1)
    executor = RayExecutor(tmp_path, ["cpu", "cpu"], threads=1, target=fake_worker.work)
    try:
        together = [stage(f"together {number}", meet=2) for number in range(2)]
        for spec, slot in zip(together, executor.slots(), strict=True):
            executor.submit(spec, StageNeeds(), slot)
        ended = heard(executor, lambda events: sum(isinstance(each, StageEnded) for each in events) == 2)
        assert not [each for each in ended if isinstance(each, StageLost)]

        waiting = [stage(f"waits {number}", until_stopped=True) for number in range(2)]
        slots = {spec.key: slot for spec, slot in zip(waiting, executor.slots(), strict=True)}
        for spec in waiting:
            executor.submit(spec, StageNeeds(), slots[spec.key])
        heard(executor, lambda events: len({each.key for each in events if isinstance(each, StageProgress)}) == 2)
        cluster.remove_node(second)
        (lost,) = [each for each in heard(executor, bool) if isinstance(each, StageLost)]
        assert "is gone" in lost.reason

        executor.submit(again := stage("again"), StageNeeds(), slots[lost.key])
        (unplaced,) = heard(executor, bool)
        assert isinstance(unplaced, StageLost) and unplaced.key == again.key
        assert "the cluster has 1 host (1 CPUs, 0 GPUs, " in unplaced.reason
        assert slots[lost.key] not in executor.slots() and len(executor.slots()) == 1, "the others go on"
        executor.stop(hard=False)
        (stopped,) = heard(executor, bool)
        assert isinstance(stopped, StageEnded) and stopped.record.status == "interrupted"
    finally:
        executor.close()
