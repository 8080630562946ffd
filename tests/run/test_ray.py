"""The executor of Ray on a stand-in for it: what is refused, lost and stopped; `test_executor_contract` has Ray."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.records import StageRecord, StageSpec
from benchbench.run import ray as executor_of_ray
from benchbench.run import ray_cluster
from benchbench.run.executor import StageEnded, StageLost, StageNeeds, StageProgress
from benchbench.run.host_versions import UnlikeHost, versions
from benchbench.run.machine import choose_machine
from benchbench.run.ray import RayExecutor
from benchbench.run.ray_actor import StageActor
from benchbench.run.scheduler import Scheduler
from benchbench.store.runs import RunStore

from .test_scheduler import Heard

SPEC = StageSpec("sft", "first", {}, {}, {})
PROGRESS = StageProgress(SPEC.key, {"key": SPEC.key, "title": SPEC.title, "step": 1, "steps": 2})
DONE = StageEnded(SPEC.key, StageRecord(SPEC.key, "done", {"device_kind": "cpu"}))


class GoneError(Exception):
    """As Ray raises it."""


class PlayedRay:
    """As much of the package as the executor asks: answers are played from a list, none at its end."""

    exceptions = SimpleNamespace(RayError=GoneError)

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.given: dict[str, Any] = {}
        self.free: dict[str, float] = {"CPU": 1.0}

    def init(self, **how: Any) -> None:
        self.given = how

    def remote(self, actor: type) -> Any:
        assert actor is StageActor
        return SimpleNamespace(options=self._options)

    def _options(self, **needs: Any) -> Any:
        self.given |= needs
        verbs = {name: SimpleNamespace(remote=self._asked(name)) for name in ("listen", "stop", "close")}
        return SimpleNamespace(remote=lambda *arguments: SimpleNamespace(**verbs))

    def _asked(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            self.said.append(name)
            if name != "listen":
                return "heard"
            return self.answers.pop(0) if self.answers else None

        return ask

    def wait(self, promises: list[Any], num_returns: int = 1, timeout: float = 0) -> tuple[list[Any], list[Any]]:
        ready = [each for each in promises if each is not None]
        return ready, [each for each in promises if each is None]

    def get(self, promise: Any) -> Any:
        if isinstance(promise, Exception):
            raise promise
        return promise

    def kill(self, actor: Any) -> None:
        self.said.append("kill")

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"Alive": True, "Resources": {"CPU": 2.0, "memory": 8.0 * 2**30}},
            {"Alive": False, "Resources": {"CPU": 9.0}},
        ]

    def available_resources(self) -> dict[str, float]:
        return self.free

    def shutdown(self) -> None:
        self.said.append("shutdown")


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[RayExecutor, PlayedRay]]:
    """An executor of two places, and the Ray it asks."""
    for name in ("RAY_ADDRESS", *ray_cluster._AUTH, *ray_cluster._QUIET):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def play(*answers: object, device: str = "cpu") -> tuple[RayExecutor, PlayedRay]:
        ray = PlayedRay(*answers)
        monkeypatch.setattr(executor_of_ray, "_ray", lambda: ray)
        return RayExecutor(tmp_path, [device, device], threads=3), ray

    return play


def test_without_ray_the_extra_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executor_of_ray, "find_spec", lambda name: None)
    with pytest.raises(BenchError, match=r"expected the package ray, found none; .*'benchbench\[ray\]'"):
        choose_machine("cpu", 2, [], executor="ray")


def test_places_of_a_cluster_are_said_and_not_guessed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executor_of_ray, "find_spec", lambda name: object())
    assert choose_machine("cpu", 3, [], executor="ray").devices == ("cpu",) * 3
    assert choose_machine("auto", None, [], executor="ray", card_count=lambda: 2).devices == ("cuda:0", "cuda:1")
    with pytest.raises(BenchError, match="expected auto, cpu or cuda with --executor ray"):
        choose_machine("cuda:1", None, [], executor="ray", card_count=lambda: 2)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    cluster = choose_machine("cuda", 16, [], executor="ray", card_count=lambda: 0)
    assert (cluster.workers, cluster.executor, len(set(cluster.devices))) == (16, "ray", 16)
    with pytest.raises(BenchError, match="--workers, --device: expected both with RAY_ADDRESS"):
        choose_machine("cpu", None, [], executor="ray")


def test_a_stage_is_sent_to_an_actor_that_ray_neither_restarts_nor_asks_again(played: Any, tmp_path: Path):
    executor, ray = played([], [PROGRESS], [DONE])
    executor.submit(SPEC, StageNeeds(), executor.slots()[1])
    assert [slot.number for slot in executor.slots()] == [1, 0], "a place that is there comes first"
    assert [executor.events(0) for _ in range(3)] == [[], [PROGRESS], [DONE]]
    retries = {name: ray.given[name] for name in ("max_restarts", "max_task_retries", "max_concurrency")}
    assert retries == {"max_restarts": 0, "max_task_retries": 0, "max_concurrency": 2}
    assert (ray.given["num_cpus"], ray.given["num_gpus"], ray.given["include_dashboard"]) == (3, 0, False)
    assert (tmp_path / ".ray/token").stat().st_mode & 0o77 == 0
    executor.close()
    assert ray.said[-2:] == ["kill", "shutdown"]


def test_a_place_that_is_gone_loses_its_stage_and_is_asked_for_again(played: Any):
    executor, ray = played([PROGRESS], GoneError("The actor died.\nmore"), [DONE])
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    executor.events(0)
    assert executor.events(0) == [StageLost(SPEC.key, "the place it ran on is gone (GoneError: The actor died. more)")]
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    assert executor.events(0) == [DONE]


def test_a_request_to_stop_goes_through_a_second_thread(played: Any):
    executor, ray = played([PROGRESS], [PROGRESS], [DONE])
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    executor.events(0)
    executor.stop(hard=False)
    assert "stop" not in ray.said, "a signal handler asks nothing of Ray"
    assert executor.events(0) == [PROGRESS] and ray.said.count("stop") == 1
    assert executor.events(0) == [DONE] and ray.said.count("stop") == 1


def test_what_a_cluster_has_no_room_for_is_refused_with_what_there_is(played: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executor_of_ray, "PLACEMENT_SECONDS", -1.0)
    executor, _ = played(device="cuda:0")
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    asked = r"room for a place with 3 CPUs and a GPU .*1 host \(2 CPUs, 0 GPUs, 8.0 GiB\), of which 1 CPUs"
    with pytest.raises(BenchError, match=asked):
        executor.events(0)
    executor, _ = played([DONE])
    other = StageSpec("sft", "second", {"number": 2}, {}, {})
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    assert executor.events(0) == [DONE]
    executor.submit(other, StageNeeds(), executor.slots()[1])
    (lost,) = executor.events(0)
    assert isinstance(lost, StageLost) and lost.key == other.key and "found none" in lost.reason
    assert [slot.number for slot in executor.slots()] == [0], "the command goes on with what there is"


GIB = 2**30


def test_a_stage_asks_for_its_memory_and_an_actor_with_less_is_replaced(played: Any):
    executor, ray = played([DONE], [DONE], [DONE])
    (slot, _), killed = executor.slots(), []
    for title, asked in (("first", 2), ("smaller", 1), ("larger", 3)):
        executor.submit(StageSpec("sft", title, {"title": title}, {}, {}), StageNeeds(host_bytes=asked * GIB), slot)
        executor.events(0)
        killed.append(ray.said.count("kill"))
        assert ray.given["memory"] == max(2, asked) * GIB
    assert killed == [0, 0, 1], "the smaller one runs where the first did"
    assert ray.said.index("close") < ray.said.index("kill")


def test_memory_that_the_other_places_have_is_waited_for(played: Any, monkeypatch: pytest.MonkeyPatch):
    """Idle places give theirs back; what no host has is refused."""
    monkeypatch.setattr(executor_of_ray, "PLACEMENT_SECONDS", -1.0)
    executor, ray = played([DONE], [])
    monkeypatch.setattr(executor, "_threads", 1)
    first, second = executor.slots()
    executor.submit(SPEC, StageNeeds(host_bytes=5 * GIB), first)
    assert executor.events(0) == [DONE]
    ray.answers.clear()
    large = StageSpec("sft", "large", {"title": "large"}, {}, {})
    executor.submit(large, StageNeeds(host_bytes=6 * GIB), second)
    ray.free = {"CPU": 1.0, "memory": 3.0 * GIB}
    assert executor.events(0) == [] and ray.said[-2:] == ["close", "kill"], "the first place is let go of"
    (lost,) = executor.events(0)
    assert isinstance(lost, StageLost) and "a place with 1 CPU and 6.0 GiB within" in lost.reason


def test_a_cluster_that_lost_its_last_place_ends_the_run_with_what_is_left_named(
    played: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The stage of the lost place and the one that found none have failed with the reason; the rest never began."""
    first = StageSpec("sft", "first", {"title": "first"}, {}, {})
    second = StageSpec("sft", "second", {"title": "second"}, {}, {})
    third = StageSpec("sft", "third", {"title": "third"}, {}, {})
    reader = StageSpec("score", "reads", {}, {"policy": second.key}, {})
    executor, ray = played([PROGRESS], GoneError("node died"), None)
    monkeypatch.setattr(executor, "_slots", executor._slots[:1])
    store = RunStore(tmp_path)
    specs = {each.key: each for each in (first, second, third, reader)}

    class Lost(Heard):
        def ended(self, spec: StageSpec, record: StageRecord) -> None:
            monkeypatch.setattr(executor_of_ray, "PLACEMENT_SECONDS", -1.0)

    ray.answers[0] = [StageProgress(second.key, {"key": second.key, "title": "second"})]
    result = Scheduler(executor, store, Lost()).run(specs)
    assert [specs[key].title for key in result.failed] == ["second", "first"]
    assert [specs[key].title for key in result.blocked] == ["third", "reads"]
    assert "the place it ran on is gone" in result.failed[second.key].message
    assert "found none; the cluster has 1 host" in result.failed[first.key].message


def test_a_host_with_other_versions_is_refused_by_name(played: Any, tmp_path: Path):
    expected = versions() | {"torch": "1.0"}
    said = StageActor(str(tmp_path), "cpu", 1, None, expected, None).listen((SPEC.as_json(), StageNeeds()), 0)
    assert isinstance(said, UnlikeHost) and said.versions == {"torch": versions()["torch"]}
    executor, _ = played(UnlikeHost("node7", {"torch": "1.0"}))
    executor.submit(SPEC, StageNeeds(), executor.slots()[0])
    with pytest.raises(BenchError, match=f"found on node7 torch 1.0 in the place of {re.escape(versions()['torch'])}"):
        executor.events(0)
