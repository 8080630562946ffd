"""One engine per worker, and what becomes of `engine: auto` where vLLM does not start."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation.choose import EngineChoice
from benchbench.generation.engine_cache import EngineCache
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.generation.vllm_child import Child

from .test_vllm_child import TOY

VLLM = EngineChoice("vllm", "generation: vllm")
TRANSFORMERS = EngineChoice("transformers", "generation: transformers")
DEAD = BenchError("vLLM could not load m: it died;\nsee the log", exit_code=ExitCode.FAILED)


class StubEngine:
    """An engine whose `load` fails with the error it is given."""

    def __init__(self, error: BenchError | None) -> None:
        self.error, self.loads, self.closed = error, 0, 0

    def load(self, model: Path) -> None:
        self.loads += 1
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1


class StubOpener:
    """Opens engines and remembers them by name; `vllm_error` is what vLLM's `load` raises."""

    def __init__(self, vllm_error: BenchError | None = None) -> None:
        self.vllm_error = vllm_error
        self.opened: dict[str, list[StubEngine]] = {"vllm": [], "transformers": []}

    def __call__(self, choice: EngineChoice, settings: EngineSettings, *, log: Path | None = None) -> StubEngine:
        engine = StubEngine(self.vllm_error if choice.engine == "vllm" else None)
        self.opened[choice.engine].append(engine)
        return engine


def test_a_cache_keeps_one_engine_and_closes_it_for_another():
    opener = StubOpener()
    cache = EngineCache(opener)
    first = cache.engine(TRANSFORMERS, EngineSettings())
    assert cache.engine(EngineChoice("transformers", "for another reason"), EngineSettings()) is first
    second = cache.engine(TRANSFORMERS, EngineSettings(batch_size=8))
    assert second is not first
    assert (first.closed, second.closed) == (1, 0)
    cache.close()
    cache.close()
    assert second.closed == 1
    assert cache.engine(TRANSFORMERS, EngineSettings(batch_size=8)) is not second


def test_another_device_is_another_engine():
    cache = EngineCache(StubOpener())
    first = cache.engine(VLLM, EngineSettings(device="cuda:0"))
    assert cache.engine(VLLM, EngineSettings(device="cuda:1")) is not first
    assert first.closed == 1


def test_two_caches_have_nothing_in_common():
    """Two workers in one process, as tests have them, do not close each other's engine."""
    opener = StubOpener()
    caches = EngineCache(opener), EngineCache(opener)
    first, second = (cache.engine(TRANSFORMERS, EngineSettings()) for cache in caches)
    assert first is not second
    caches[0].close()
    assert (first.closed, second.closed) == (1, 0)


def test_the_engine_ends_with_the_block_even_where_that_fails():
    opener = StubOpener()
    with pytest.raises(KeyError), EngineCache(opener) as cache:
        engine = cache.engine(VLLM, EngineSettings())
        raise KeyError
    assert engine.closed == 1


def test_without_another_opener_it_opens_real_engines():
    with EngineCache() as cache:
        assert isinstance(cache.engine(TRANSFORMERS, EngineSettings()), TransformersEngine)


def test_a_cache_that_nobody_closed_takes_its_process_along():
    """Nothing is left of a stage that was given a cache of its own and forgot it."""

    class ChildEngine(StubEngine):
        def __init__(self) -> None:
            super().__init__(None)
            self.child = Child({"TOY": "hello"}, log=None, module=TOY)

    cache = EngineCache(lambda choice, settings, *, log=None: ChildEngine())
    place = Path("/proc") / str(cache.engine(VLLM, EngineSettings()).child._process.pid)
    assert place.exists()
    del cache
    gc.collect()
    deadline = time.monotonic() + 20
    while place.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not place.exists()


def test_auto_goes_on_with_transformers_where_vllm_does_not_start(tmp_path: Path):
    opener = StubOpener(DEAD)
    cache = EngineCache(opener)
    for _ in range(2):
        engine, choice = cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
        assert engine is opener.opened["transformers"][0]
        assert choice.engine == "transformers"
        assert choice.reason == (
            "generation: transformers, not vllm, which did not start: vLLM could not load m: it died; see the log"
        )
    assert len(opener.opened["vllm"]) == 1, "it is not tried for every model again"
    assert opener.opened["transformers"][0].loads == 2


@pytest.mark.parametrize(
    ("fall_back", "error"), [(False, DEAD), (True, BenchError("no such model", exit_code=ExitCode.USAGE))]
)
def test_vllm_that_was_asked_for_and_what_is_no_matter_of_starting_stay_errors(
    tmp_path: Path, fall_back: bool, error: BenchError
):
    opener = StubOpener(error)
    with pytest.raises(BenchError, match=str(error).splitlines()[0]):
        EngineCache(opener).load(VLLM, EngineSettings(), tmp_path, fall_back=fall_back)
    assert opener.opened["transformers"] == []


def test_an_engine_that_has_worked_is_not_left_half_way(tmp_path: Path):
    opener = StubOpener()
    cache = EngineCache(opener)
    cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
    opener.opened["vllm"][0].error = DEAD
    with pytest.raises(BenchError, match="it died"):
        cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
    assert opener.opened["transformers"] == []


def test_other_settings_are_no_reason_to_leave_an_engine_that_has_worked(tmp_path: Path):
    """A recipe with other memory settings stands in the same tables."""
    opener = StubOpener()
    cache = EngineCache(opener)
    cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
    opener.vllm_error = DEAD
    with pytest.raises(BenchError, match="it died"):
        cache.load(VLLM, EngineSettings(batch_size=8), tmp_path, fall_back=True)
    assert opener.opened["transformers"] == []


def test_an_engine_that_has_worked_for_another_worker_of_the_run_is_not_left(tmp_path: Path):
    opener = StubOpener(DEAD)
    cache = EngineCache(opener)
    cache.pin("vllm")
    with pytest.raises(BenchError, match="it died"):
        cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
    assert opener.opened["transformers"] == []


def test_what_another_worker_of_the_run_fell_back_to_is_taken_at_once(tmp_path: Path):
    opener = StubOpener()
    cache = EngineCache(opener)
    cache.pin("transformers")
    cache.pin("vllm")
    cache.pin(None)
    _, choice = cache.load(VLLM, EngineSettings(), tmp_path, fall_back=True)
    assert choice == EngineChoice(
        "transformers", "generation: transformers, not vllm, since other responses of this run were drawn with it"
    )
    assert opener.opened["vllm"] == []


def test_an_engine_that_was_asked_for_by_name_is_taken_whatever_the_run_has_drawn_with(tmp_path: Path):
    cache = EngineCache(StubOpener())
    cache.pin("transformers")
    assert cache.load(VLLM, EngineSettings(), tmp_path, fall_back=False)[1] == VLLM
