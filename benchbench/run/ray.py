"""The executor of a Ray cluster: an actor on each slot, which has a worker process as a slot of this machine has one.

Ray finds a place for each actor (`run.ray_actor`) and says which are gone. That a stage runs once is the store's doing,
by its record and its lease; what is lost is for the scheduler to record and never tried again by Ray. No tensor goes
through Ray: stages read and write `runs/`, which every host sees at the same place. This module alone imports ray, an
optional package.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.records import StageSpec
from benchbench.run.executor import Slot, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.host_versions import UnlikeHost, refusal, versions
from benchbench.run.local import GRACE_SECONDS
from benchbench.run.ray_actor import THREADS_OF_RAY, StageActor, work_for_ray
from benchbench.run.ray_cluster import join_cluster, lacks_memory_alone, no_room, set_variables, start_cluster

ADDRESS = "RAY_ADDRESS"
"""Variable that names a cluster which is there already; without it one is started here, for this command alone."""
PLACEMENT_SECONDS = 60.0
"""How long a place may take to answer for the first time; then the cluster counts as having no room for it."""
LISTEN_SECONDS = 0.5
_ANSWER_SECONDS = 10.0
"""How long an actor may take beyond a worker's grace to say that it has ended."""


def require_ray() -> None:
    """Return only if Ray is installed.

    Raises:
        BenchError: it is not; the message names the extra that installs it.
    """
    if find_spec("ray") is None:
        raise BenchError(
            "--executor ray: expected the package ray, found none; install it with pip install 'benchbench[ray]', or "
            "leave --executor out"
        )


def _ray() -> Any:
    """The package."""
    import ray  # pyright: ignore[reportMissingImports]

    return ray


@dataclass
class _Place:
    """A slot's actor, with the stage it runs, if it runs one, and what it was asked."""

    slot: Slot
    actor: Any
    asked_at: float
    host_bytes: int = 0
    """Memory that was asked for with it."""
    has_answered: bool = False
    spec: StageSpec | None = None
    answer: Any = None
    """Ray's promise of events."""
    stops_heard: int = 0
    """How often it was asked to stop: 1 for a checkpoint, 2 at once."""


class RayExecutor:
    """Actors side by side, each with the processor's threads or the card that Ray gave it."""

    def __init__(
        self,
        root: Path,
        devices: Sequence[str],
        *,
        threads: int,
        target: Callable[..., None] = work_for_ray,
    ) -> None:
        """Nothing starts yet.

        Args:
            root: the `runs/` folder, which all hosts see at the same place.
            devices: one for each slot: `cpu`, or a name for any card.
            threads: CPU threads of each.
            target: as `LocalExecutor` takes it.
        """
        self._root = root.resolve()
        self._slots = [Slot(number, (device,)) for number, device in enumerate(devices)]
        self._threads, self._target = threads, target
        self._versions: dict[str, str] = {}
        self._places: dict[int, _Place] = {}
        """By the number of their slot."""
        self._is_connected = self._has_placed = False
        self._stops = 0

    def slots(self) -> Sequence[Slot]:
        """Every slot that the cluster had room for when it was last asked, those with an actor first."""
        return sorted(self._slots, key=lambda slot: slot.number not in self._places)

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        """Send a stage to the slot's actor, and ask for one where there is none; the cluster is joined before.

        An actor that was given less memory than the stage needs is ended, and another one asked for.
        """
        ray = self._cluster()
        place = self._places.get(slot.number)
        if place is not None and place.spec is not None:
            raise ValueError(f"slot {slot.number}: {place.spec.key} is running there")
        if place is not None and place.host_bytes < needs.host_bytes:
            self._let_go(ray, place)
            place = None
        if place is None:
            actor = self._actor(ray, slot, needs.host_bytes)
            place = self._places[slot.number] = _Place(slot, actor, time.monotonic(), needs.host_bytes)
        place.spec, place.stops_heard = spec, 0
        place.answer = place.actor.listen.remote((spec.as_json(), needs), LISTEN_SECONDS)

    def events(self, timeout: float) -> list[StageEvent]:
        """What the actors have to say.

        Raises:
            BenchError: the cluster has no room for any of what is asked, or a host has other versions.
        """
        self._pass_stop_on()
        busy = [place for place in self._places.values() if place.spec is not None]
        if not busy:
            time.sleep(timeout)
            return []
        ray, answers = self._cluster(), [place.answer for place in busy]
        ray.wait(answers, timeout=timeout)
        ready, _ = ray.wait(answers, num_returns=len(answers), timeout=0)
        events: list[StageEvent] = []
        for place in busy:
            if place.answer in ready:
                events += self._heard(ray, place)
            elif not place.has_answered and (self._stops or time.monotonic() - place.asked_at > PLACEMENT_SECONDS):
                events += self._unplaced(ray, place)
        return events

    def stop(self, *, hard: bool) -> None:
        """Note it; actors are told at the next look at their events, since a signal handler is no place to ask Ray."""
        self._stops = 2 if hard else max(self._stops, 1)

    def close(self) -> None:
        """End the workers, their actors, and the cluster where it was started here."""
        if not self._is_connected:
            return
        ray, deadline = self._cluster(), time.monotonic() + GRACE_SECONDS + _ANSWER_SECONDS
        self._pass_stop_on()
        waiting = [place.actor.close.remote() for place in self._places.values() if place.has_answered]
        while waiting and time.monotonic() < deadline and self._stops < 2:
            _, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=LISTEN_SECONDS)
        self._pass_stop_on()
        for place in self._places.values():
            ray.kill(place.actor)
        self._places.clear()
        self._is_connected = False
        ray.shutdown()

    def _pass_stop_on(self) -> None:
        for place in self._places.values():
            if place.stops_heard < self._stops and place.has_answered:
                place.stops_heard = self._stops
                place.actor.stop.remote(self._stops == 2)

    def _heard(self, ray: Any, place: _Place) -> list[StageEvent]:
        """What an actor answered; it is asked again while its stage runs."""
        assert place.spec is not None, "only busy places are listened to"
        key = place.spec.key
        try:
            said = ray.get(place.answer)
        except ray.exceptions.RayError as error:
            del self._places[place.slot.number]
            with suppress(ray.exceptions.RayError):
                ray.kill(place.actor)  # one that cannot be reached may be alive, and must not go on
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return [StageLost(key, f"the place it ran on is gone ({type(error).__name__}: {' '.join(lines)[:300]})")]
        if isinstance(said, UnlikeHost):
            remedy = "leave that host out of the cluster"
            raise refusal(said, self._versions, where="--executor ray", remedy=remedy)
        place.has_answered = self._has_placed = True
        if not all(isinstance(event, StageProgress) for event in said):  # it ended, or its worker is gone
            place.spec = place.answer = None
        else:
            place.answer = place.actor.listen.remote(None, LISTEN_SECONDS)
        return said

    def _unplaced(self, ray: Any, place: _Place) -> list[StageLost]:
        """Give up a slot for which the cluster has no room; one that others of this command keep is waited for."""
        assert place.spec is not None, "only busy places are waited for"
        room = self._room(place.slot, place.host_bytes)
        if not self._stops and lacks_memory_alone(ray, room):
            others = [each for each in self._places.values() if each is not place and each.has_answered]
            for each in others:
                if each.spec is None:
                    self._let_go(ray, each)
            if others:
                place.asked_at = time.monotonic()
                return []
        del self._places[place.slot.number]
        ray.kill(place.actor)
        if self._stops:
            return [StageLost(place.spec.key, "stopped before the cluster had room for it")]
        said = no_room(ray, room, seconds=PLACEMENT_SECONDS)
        if not self._has_placed:
            raise BenchError(said, exit_code=ExitCode.UNAVAILABLE)
        self._slots.remove(place.slot)
        return [StageLost(place.spec.key, said)]

    def _let_go(self, ray: Any, place: _Place) -> None:
        """End an actor that runs nothing, whose room is free then."""
        del self._places[place.slot.number]
        if place.has_answered:
            ray.wait([place.actor.close.remote()], timeout=_ANSWER_SECONDS)
        ray.kill(place.actor)

    def _room(self, slot: Slot, host_bytes: int) -> dict[str, int]:
        """What a place takes of a host, as Ray names it."""
        room = {"CPU": self._threads, "GPU": 0 if slot.devices[0] == "cpu" else 1, "memory": host_bytes}
        return {name: amount for name, amount in room.items() if amount}

    def _actor(self, ray: Any, slot: Slot, host_bytes: int) -> Any:
        cards = 0 if slot.devices[0] == "cpu" else 1
        needs: dict[str, Any] = {"num_cpus": self._threads, "num_gpus": cards, "scheduling_strategy": "SPREAD"}
        needs |= {"memory": host_bytes} if host_bytes else {}
        remote = ray.remote(StageActor).options(**needs, max_restarts=0, max_task_retries=0, max_concurrency=2)
        device = "cuda:0" if cards else "cpu"  # Ray shows an actor the card it gave it, and no other
        threads_of_driver = os.environ.get(THREADS_OF_RAY)
        return remote.remote(str(self._root), device, self._threads, self._target, self._versions, threads_of_driver)

    def _cluster(self) -> Any:
        """Ray, once this process has joined a cluster."""
        if self._is_connected:
            return _ray()
        self._versions, address = versions(), os.environ.get(ADDRESS)
        set_variables(None if address else self._root)
        ray = _ray()  # it reads the variables when it is imported
        if address:
            join_cluster(ray, address)
        else:
            cards = sum(slot.devices[0] != "cpu" for slot in self._slots)
            start_cluster(ray, num_cpus=self._threads * len(self._slots), num_gpus=cards)
        self._is_connected = True
        return ray
