"""The order of stages on an executor that plays its part in this process."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.executor import Slot, StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.needs import TRAINING_WEIGHT, needs_of
from benchbench.run.scheduler import Scheduler
from benchbench.store.runs import RunStore

ENVIRONMENT = {"device_kind": "cuda"}


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def started(self, spec: StageSpec) -> None:
        self.events.append(("started", spec.title))

    def progress(self, event: Mapping[str, Any]) -> None:
        self.events.append(("progress", str(event["title"])))

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        self.events.append((record.status, spec.title))


class PlayedExecutor:
    """Ends the stage that has run longest with what its settings say: done, failed or lost."""

    def __init__(self, store: RunStore, *devices: tuple[str, ...]) -> None:
        self.store = store
        self.all = [Slot(number, names) for number, names in enumerate(devices or [("cpu",)])]
        self.running: list[tuple[StageSpec, Slot]] = []
        self.submitted: list[tuple[str, int]] = []
        self.stops: list[bool] = []
        self.closed = 0
        self.before_events: Callable[[], None] = lambda: None

    def slots(self) -> Sequence[Slot]:
        return self.all

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        assert slot.number not in [taken.number for _, taken in self.running], "two stages on one slot"
        assert all(self.store.is_done(key) for key in spec.inputs.values()), "an input is not finished"
        self.running.append((spec, slot))
        self.submitted.append((spec.title, slot.number))

    def events(self, timeout: float) -> Sequence[StageEvent]:
        self.before_events()
        spec, _ = self.running.pop(0)
        how = spec.settings.get("how", "done")
        if how == "lost":
            return [StageLost(spec.key, "it is gone")]
        record = self.store.write(StageRecord(spec.key, how, ENVIRONMENT))
        return [StageProgress(spec.key, {"title": spec.title}), StageEnded(spec.key, record)]

    def stop(self, *, hard: bool) -> None:
        self.stops.append(hard)

    def close(self) -> None:
        self.closed += 1


def stage(kind: str, title: str, *inputs: StageSpec, how: str = "done") -> StageSpec:
    return StageSpec(kind, title, {"title": title, "how": how}, {str(n): spec.key for n, spec in enumerate(inputs)})


def run(executor: PlayedExecutor, *specs: StageSpec, **more: Any) -> tuple[Any, Heard]:
    heard = Heard()
    scheduler = Scheduler(executor, executor.store, heard, **more)
    return scheduler.run({spec.key: spec for spec in specs}), heard


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_what_others_wait_for_longest_goes_first(store: RunStore):
    kinds = ("judge", "score", "reward", "generate", "preference", "reward_model", "sft")
    executor = PlayedExecutor(store)
    result, heard = run(executor, *(stage(kind, kind) for kind in kinds))
    assert [title for title, _ in executor.submitted] == [
        *("sft", "reward_model", "preference", "generate", "score", "reward", "judge")
    ]
    assert (result.failed, result.blocked, result.signal) == ({}, (), None)
    assert heard.events[:3] == [("started", "sft"), ("progress", "sft"), ("done", "sft")]
    assert executor.closed == 1


def test_another_order_is_another_function(store: RunStore):
    executor = PlayedExecutor(store)
    run(
        executor,
        *(stage("score", title) for title in "abc"),
        needs=lambda spec: StageNeeds(priority=-ord(spec.title)),
    )
    assert [title for title, _ in executor.submitted] == ["c", "b", "a"]


def test_the_longest_chain_begins_first_so_that_nothing_is_left_over_for_one_slot(store: RunStore):
    """Three trainings in a row and three that stand alone: 4 rounds on two slots, 5 if the lonely ones went first."""
    base = stage("sft", "base")
    chain = [base, stage("reward_model", "judge", base)]
    chain.append(stage("score", "passed on", chain[-1]))
    chain.append(stage("preference", "last", chain[-1]))
    lonely = [stage("preference", f"lonely {number}", base) for number in range(3)]
    executor = PlayedExecutor(store, ("cpu",), ("cpu",))
    run(executor, *lonely, *chain)
    titles = [title for title, _ in executor.submitted]
    assert titles[0] == "base"
    assert titles[1] == "judge"
    assert titles.index("passed on") < titles.index("lonely 2")


def test_a_stage_is_as_urgent_as_what_waits_for_it(store: RunStore):
    scheduler = Scheduler(PlayedExecutor(store), store, Heard())
    first, other = stage("sft", "first"), stage("score", "other")
    reader = stage("preference", "reader", first)
    last = stage("score", "last", reader, other)
    scheduler._waiting = {spec.key: spec for spec in (last, other, reader, first)}
    chains = scheduler._longest_chains()
    assert [chains[spec.key] for spec in (first, reader, other, last)] == [
        *(2 * TRAINING_WEIGHT + 1, TRAINING_WEIGHT + 1, 2, 1)
    ]


def test_a_failed_stage_blocks_its_readers_and_nobody_else(store: RunStore):
    first = stage("sft", "first")
    broken = stage("preference", "broken", first, how="failed")
    reader, other = stage("score", "reader", broken), stage("score", "other", first)
    last = stage("judge", "last", reader)
    executor = PlayedExecutor(store, ("cpu",), ("cpu",))
    result, heard = run(executor, last, reader, other, broken, first)
    assert list(result.failed) == [broken.key]
    assert set(result.blocked) == {reader.key, last.key}
    assert [title for title, _ in executor.submitted] == ["first", "broken", "other"]
    assert ("failed", "broken") in heard.events


def test_stages_that_are_finished_are_not_run_again(store: RunStore):
    first, second = stage("sft", "first"), stage("score", "second", stage("sft", "first"))
    run(PlayedExecutor(store), first)
    executor = PlayedExecutor(store)
    run(executor, first, second)
    assert executor.submitted == [("second", 0)]


def test_a_finished_stage_keeps_no_checkpoint_of_a_process_that_died_as_it_ended(store: RunStore):
    first = stage("sft", "first")
    run(PlayedExecutor(store), first)
    (store.folder(first.key) / "checkpoint").mkdir(parents=True)
    run(PlayedExecutor(store), first)
    assert not (store.folder(first.key) / "checkpoint").exists()


def test_independent_stages_are_spread_over_all_slots(store: RunStore):
    executor = PlayedExecutor(store, ("cuda:0",), ("cuda:1",), ("cuda:2",))
    run(executor, *(stage("sft", f"seed {seed}") for seed in range(3)))
    assert executor.submitted == [("seed 0", 0), ("seed 1", 1), ("seed 2", 2)]


def test_responses_are_drawn_where_the_engine_is_and_others_need_not_wait_for_it(store: RunStore):
    executor = PlayedExecutor(store, ("cuda:0",), ("cuda:1",))
    drawn = [stage("generate", f"draw {number}") for number in range(3)]
    run(executor, *drawn, *(stage("score", f"score {number}") for number in range(3)))
    slots = dict(executor.submitted)
    assert {slots[spec.title] for spec in drawn} == {0}
    assert [title for title, _ in executor.submitted][:2] == ["draw 0", "score 0"]
    assert 1 in {slots[f"score {number}"] for number in range(3)}


def drawn_on(executor: PlayedExecutor, *names: str, **more: Any) -> dict[str, int]:
    """Titles of stages that generate -> the slot of each, where all but the first can start at once."""
    first = stage("generate", "first", how="done")
    rest = [stage("generate", name) for name in names]
    run(executor, first, *(stage("score", f"beside {n}", first) for n in range(2)), *rest, **more)
    return {title: slot for title, slot in executor.submitted if title in ("first", *names)}


class Naming(PlayedExecutor):
    """Records the engine of what was drawn, as stages do."""

    def events(self, timeout: float) -> Sequence[StageEvent]:
        spec, _ = self.running.pop(0)
        summary = {"engine": "vllm"} if spec.kind == "generate" else {}
        return [StageEnded(spec.key, self.store.write(StageRecord(spec.key, "done", ENVIRONMENT, summary=summary)))]


def test_once_the_engine_is_known_every_card_may_hold_one(store: RunStore):
    """The first draws alone, since two that choose for themselves could choose differently."""
    executor = Naming(store, ("cuda:0",), ("cuda:1",), ("cuda:2",))
    slots = drawn_on(executor, "second", "third", "fourth")
    assert next(iter(slots)) == "first"
    assert len({slots[name] for name in ("second", "third", "fourth")}) > 1


def test_a_processor_holds_one_engine(store: RunStore):
    executor = Naming(store, ("cpu",), ("cpu",), ("cpu",))
    assert set(drawn_on(executor, "second", "third").values()) == {0}


def test_an_engine_that_was_lost_is_started_on_whichever_slot_is_free(store: RunStore):
    executor = PlayedExecutor(store, ("cuda:0",), ("cuda:1",))
    result, _ = run(
        executor,
        stage("generate", "first", how="lost"),
        stage("sft", "training"),
        stage("generate", "second"),
        stage("generate", "third"),
    )
    assert dict(executor.submitted) == {"training": 0, "first": 1, "second": 0, "third": 0}
    assert len(result.failed) == 1


def test_the_engine_that_first_worked_is_told_to_all_that_draw_after_it(store: RunStore):
    """Of this run, or of an earlier one whose finished stages stand in the same tables."""
    told: dict[str, str | None] = {}

    class Telling(PlayedExecutor):
        def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
            told[spec.title] = needs.run_engine
            super().submit(spec, needs, slot)

        def events(self, timeout: float) -> Sequence[StageEvent]:
            spec, _ = self.running.pop(0)
            summary = {"engine": spec.settings["how"]} if spec.kind == "generate" else {}
            return [StageEnded(spec.key, self.store.write(StageRecord(spec.key, "done", ENVIRONMENT, summary=summary)))]

    first, second = stage("generate", "first", how="vllm"), stage("generate", "second", how="other")
    run(Telling(store), first, second, stage("sft", "training"))
    assert told == {"training": None, "first": None, "second": "vllm"}
    told.clear()
    run(Telling(store), second, stage("generate", "third", how="vllm"))
    assert told == {"third": "other"}


def test_a_stage_that_was_lost_before_it_wrote_anything_says_on_which_device(store: RunStore):
    lost = stage("sft", "lost", how="lost")
    executor = PlayedExecutor(store, ("cuda:3",))
    result, heard = run(executor, lost)
    record = store.record(lost.key)
    assert result.failed == {lost.key: record}
    assert (record.status, record.message) == ("failed", "it is gone")
    assert record.environment == {"device_kind": "cuda", "device": "cuda:3"}
    assert heard.events == [("started", "lost"), ("failed", "lost")]


def test_the_record_of_a_stage_that_another_process_runs_meanwhile_is_not_touched(store: RunStore):
    """Ours was lost while it waited for the other one."""
    lost = stage("sft", "lost", how="lost")
    with store.claim(lost.key):
        others = store.write(StageRecord(lost.key, "running", ENVIRONMENT))
        result, heard = run(PlayedExecutor(store), lost)
        assert store.record(lost.key) == others
    assert (result.failed[lost.key].status, result.failed[lost.key].message) == ("failed", "it is gone")
    assert heard.events == [("started", "lost"), ("failed", "lost")]


def test_a_stage_whose_process_was_lost_after_it_was_done_is_done(store: RunStore):
    """The record on disk says so, whatever became of the process."""
    lost = stage("sft", "lost", how="lost")
    reader = stage("score", "reader", lost)
    executor = PlayedExecutor(store)
    executor.before_events = lambda: store.write(StageRecord(lost.key, "done", ENVIRONMENT)) and None
    result, heard = run(executor, lost, reader)
    assert (result.failed, result.blocked) == ({}, ())
    assert heard.events[1] == ("done", "lost")
    assert [title for title, _ in executor.submitted] == ["lost", "reader"]


def test_more_devices_than_any_slot_has_are_refused_before_anything_starts(store: RunStore):
    executor = PlayedExecutor(store, ("cuda:0",), ("cuda:1", "cuda:2"))
    specs = stage("score", "small"), stage("sft", "large")
    with pytest.raises(BenchError, match="large: expected a place with 4 devices, found at most 2 in one place"):
        run(executor, *specs, needs=lambda spec: StageNeeds(devices=4 if spec.kind == "sft" else 1))
    assert executor.submitted == []
    assert executor.closed == 1


def test_a_stage_for_two_devices_goes_where_two_are_and_small_ones_go_on(store: RunStore):
    executor = PlayedExecutor(store, ("cuda:0",), ("cuda:1", "cuda:2"))
    specs = [stage("sft", "large 0"), stage("sft", "large 1"), stage("score", "small")]
    run(executor, *specs, needs=lambda spec: StageNeeds(devices=2 if spec.kind == "sft" else 1))
    assert executor.submitted[:2] == [("large 0", 1), ("small", 0)]
    assert executor.submitted[2] == ("large 1", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_nothing_more_starts_and_a_second_one_is_hard(store: RunStore, number: int):
    executor = PlayedExecutor(store)
    executor.before_events = lambda: [os.kill(os.getpid(), number) for _ in range(2)] and None
    first, second = stage("sft", "first", how="interrupted"), stage("sft", "second")
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    result, _ = run(executor, first, second)
    assert executor.stops == [False, True]
    assert result.signal == number
    assert list(result.failed) == [first.key]
    assert result.blocked == (second.key,)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers


def test_a_signal_that_is_ignored_stops_nothing_and_the_other_one_is_heard(store: RunStore):
    """As SIGINT is for what a shell starts in the background."""
    executor = PlayedExecutor(store)
    sent = iter((signal.SIGINT, signal.SIGTERM))
    executor.before_events = lambda: [os.kill(os.getpid(), number) for number in [next(sent, None)] if number] and None
    first, second, third = stage("sft", "first"), stage("sft", "second"), stage("sft", "third")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result, _ = run(executor, first, second, third)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert executor.stops == [False] and result.signal == signal.SIGTERM
    assert store.is_done(first.key) and result.blocked == (third.key,)


def test_a_stage_that_was_lost_in_a_stop_was_interrupted(store: RunStore):
    executor = PlayedExecutor(store)
    executor.before_events = lambda: os.kill(os.getpid(), signal.SIGTERM)
    lost = stage("sft", "lost", how="lost")
    run(executor, lost)
    assert store.record(lost.key).status == "interrupted"


def test_the_executor_is_closed_where_it_breaks(store: RunStore):
    executor = PlayedExecutor(store)
    executor.events = lambda timeout: 1 / 0
    with pytest.raises(ZeroDivisionError):
        run(executor, stage("sft", "first"))
    assert executor.closed == 1


def test_running_stages_are_asked_for_checkpoints_where_the_run_breaks(store: RunStore):
    """Whatever broke it, the work of hours is not thrown away; and a second signal meanwhile still ends the stages."""
    executor, order = PlayedExecutor(store), []
    executor.events = lambda timeout: 1 / 0
    executor.stop = lambda *, hard: order.append(("stop", hard))
    executor.close = lambda: order.append(("close", signal.getsignal(signal.SIGTERM) != before))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        run(executor, stage("sft", "first"))
    assert order == [("stop", False), ("close", True)]
    assert signal.getsignal(signal.SIGTERM) == before


def test_handlers_are_restored_where_closing_breaks(store: RunStore):
    executor, before = PlayedExecutor(store), signal.getsignal(signal.SIGTERM)
    executor.close = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        run(executor, stage("sft", "first"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_run_that_ends_well_asks_nobody_to_stop(store: RunStore):
    executor = PlayedExecutor(store)
    run(executor, stage("sft", "first"))
    assert executor.stops == []


class Weighing(PlayedExecutor):
    """Knows how much of each card is taken, and refuses more than all of it; what it ends first is drawn."""

    def __init__(self, store: RunStore, *devices: tuple[str, ...], seed: int = 0) -> None:
        super().__init__(store, *devices)
        self.draws = random.Random(seed)
        self.parts: dict[str, float] = {}
        self.most = 0.0
        self.most_stages = 0

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        super().submit(spec, needs, slot)
        self.parts[spec.key] = needs.devices
        for device in slot.devices:
            taken = sum(self.parts[each.key] for each, place in self.running if device in place.devices)
            assert taken <= 1 + 1e-9, f"{taken} of {device}"
            self.most = max(self.most, taken)
        self.most_stages = max(self.most_stages, len(self.running))

    def events(self, timeout: float) -> Sequence[StageEvent]:
        self.draws.shuffle(self.running)
        return super().events(timeout)


CARDS = [(f"cuda:{number}",) for number in range(8)]


@pytest.mark.parametrize("share", [0.25, 1 / 3, 1.0])
def test_no_card_ever_has_more_than_one_whole_of_stages(store: RunStore, share: float):
    """Eight cards, and stages that take a part, a whole card, or half of one; all parts are used at some moment."""
    each = int(1 / share + 1e-9)
    executor = Weighing(store, *CARDS * each, seed=each)
    parts = {"preference": share, "score": share, "generate": 1.0, "sft": max(share, 0.5)}
    base = [stage("sft", f"base {seed}") for seed in range(3)]
    specs = [
        *base,
        *(stage(kind, f"{kind} {n}", base[n % 3]) for n in range(15) for kind in ("preference", "generate")),
    ]
    specs += [stage("score", f"score {n}", spec) for n, spec in enumerate(specs[3:])]
    needs = lambda spec: replace(needs_of(spec), devices=parts[spec.kind], engine=False)  # noqa: E731
    result, _ = run(executor, *specs, needs=needs)
    assert (result.failed, result.blocked, len(executor.submitted)) == ({}, (), len(specs))
    assert executor.most == pytest.approx(1)
    assert executor.most_stages > 8 or share == 1


def test_a_card_is_kept_for_a_stage_that_needs_all_of_it(store: RunStore):
    """A stream of small stages would otherwise take every part that becomes free, to the last of them."""
    executor = PlayedExecutor(store, *[("cuda:0",)] * 4)
    small = [stage("score", f"small {number}") for number in range(12)]
    first = [stage("sft", f"first {number}") for number in range(4)]
    large = stage("preference", "large", first[0])
    needs = lambda spec: StageNeeds(1.0 if spec.title == "large" else 0.25, weight=needs_of(spec).weight)  # noqa: E731
    run(executor, *small, *first, large, needs=needs)
    titles = [title for title, _ in executor.submitted]
    assert titles.index("large") == 4, "as soon as what ran before it has ended"


def test_cards_beside_the_one_that_is_kept_go_on(store: RunStore):
    executor = PlayedExecutor(store, *[("cuda:0",), ("cuda:1",)] * 2)
    first = [stage("sft", f"first {number}") for number in range(3)]
    large = stage("preference", "large", first[0])
    small = [stage("score", f"small {number}") for number in range(3)]
    needs = lambda spec: StageNeeds(1.0 if spec.title == "large" else 0.5, weight=needs_of(spec).weight)  # noqa: E731
    run(executor, *first, large, *small, needs=needs)
    slots = dict(executor.submitted)
    assert [slots[f"first {number}"] for number in range(3)] == [0, 1, 2]
    assert slots["small 0"] == 3
