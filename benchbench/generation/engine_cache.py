"""One engine for all stages that a worker runs: starting vLLM is paid once, weights are reloaded."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.generation import Engine
from benchbench.generation.choose import EngineChoice
from benchbench.generation.engine_settings import EngineSettings


def open_engine(choice: EngineChoice, settings: EngineSettings, *, log: Path | None = None) -> Engine:
    """The engine chosen, without a model yet; imports torch for transformers.

    Args:
        choice: of `choose`.
        settings: how it runs.
        log: file for what vLLM's process prints; none keeps it only as long as the process.
    """
    if choice.engine == "vllm":
        from benchbench.generation.vllm_engine import VllmEngine

        return VllmEngine(settings, log=log)
    from benchbench.generation.transformers_engine import TransformersEngine

    return TransformersEngine(settings)


class EngineOpener(Protocol):
    """Opens an engine without a model, as `open_engine` does."""

    def __call__(self, choice: EngineChoice, settings: EngineSettings, *, log: Path | None = None) -> Engine:
        """The engine that was chosen."""
        ...


class EngineCache:
    """The engine of one worker, opened when it is first asked for and ended with `close`.

    It holds one engine at most, since two at once would hold memory twice. Whoever makes a cache closes it; a cache
    that is dropped all the same takes vLLM's process along (`vllm_child.Child`).
    """

    def __init__(self, opener: EngineOpener = open_engine) -> None:
        self._opener = opener
        self._engine: Engine | None = None
        self._key: tuple[str, EngineSettings] | None = None
        self._pinned: str | None = None
        """Name of the engine that first loaded a model, for this worker or another one of the run."""
        self._why: str | None = None
        """Why this worker draws with transformers, once vLLM did not start."""
        self.devices: tuple[str, ...] = ()
        """Cards that the engine of the present stage is spread over; none for the worker's own alone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def engine(self, choice: EngineChoice, settings: EngineSettings, *, log: Path | None = None) -> Engine:
        """The engine with these settings, opened where the cache holds none or another one, which is closed before.

        Args:
            choice: of `choose`.
            settings: how it runs.
            log: file for what vLLM's process prints, where this call opens one.
        """
        key = (choice.engine, settings)
        if self._engine is None or self._key != key:
            self.close()
            self._engine, self._key = self._opener(choice, settings, log=log), key
        return self._engine

    def pin(self, engine: str | None) -> None:
        """Tell the engine that another worker of the run has drawn with; the first that is known holds."""
        self._pinned = self._pinned or engine

    def load(
        self, choice: EngineChoice, settings: EngineSettings, model: Path, *, fall_back: bool, log: Path | None = None
    ) -> tuple[Engine, EngineChoice]:
        """The engine with a model in it, and the choice that held.

        Args:
            choice: of `choose`.
            settings: how it runs.
            model: folder of whole weights.
            fall_back: for `engine: auto`: where vLLM is installed and does not start, take transformers and say why.
                One that has worked before, here or for another worker of the run, is not left: a grid has one engine.
            log: as for `engine`.

        Raises:
            BenchError: what `Engine.load` raises.
        """
        if settings.devices and choice.engine != "vllm":
            raise BenchError(
                f"generation: expected vLLM, which alone spreads a model over {len(settings.devices)} cards, found "
                f"{choice.engine} ({choice.reason}); the model does not fit on one card"
            )
        fall_back = fall_back and not settings.devices
        may_choose = fall_back and choice.engine == "vllm"
        if may_choose and self._pinned == "transformers":
            choice = _transformers_instead(self._why or "since other responses of this run were drawn with it")
        engine = self.engine(choice, settings, log=log)
        try:
            engine.load(model)
        except BenchError as error:
            if not (may_choose and self._pinned is None and error.exit_code is ExitCode.FAILED):
                raise
            self._why = f"which did not start: {' '.join(str(error).split())}"
            choice = _transformers_instead(self._why)
            engine = self.engine(choice, settings, log=log)
            engine.load(model)
        self.pin(choice.engine)
        return engine, choice

    def close(self) -> None:
        """End the engine, if there is one; the cache may be used again."""
        engine, self._engine, self._key = self._engine, None, None
        if engine is not None:
            engine.close()


def _transformers_instead(why: str) -> EngineChoice:
    return EngineChoice("transformers", f"generation: transformers, not vllm, {why}")
