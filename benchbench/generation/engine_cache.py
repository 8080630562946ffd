"""One engine for all stages that a process runs: starting vLLM is paid once, weights are reloaded."""

from __future__ import annotations

import atexit
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.generation import Engine
from benchbench.generation.choose import Choice, open_engine
from benchbench.generation.settings import EngineSettings

_kept: dict[tuple[str, EngineSettings], Engine] = {}
_worked: set[tuple[str, EngineSettings]] = set()
"""Engines that have loaded a model in this process."""
_broken: dict[EngineSettings, str] = {}
"""Why vLLM did not start in this process."""


def kept_engine(choice: Choice, settings: EngineSettings, *, log: Path | None = None) -> Engine:
    """The engine of this process with these settings, opened when first asked for; others are closed before.

    It ends with the process, or with `close_kept`.

    Args:
        choice: of `choose`.
        settings: how it runs.
        log: file for what vLLM's process prints, where this call opens one.
    """
    key = (choice.engine, settings)
    if key not in _kept:
        close_kept()  # two engines at once would hold memory twice
        _kept[key] = open_engine(choice, settings, log=log)
    return _kept[key]


def loaded_engine(
    choice: Choice, settings: EngineSettings, model: Path, *, fall_back: bool, log: Path | None = None
) -> tuple[Engine, Choice]:
    """The kept engine with a model in it, and the choice that held.

    Args:
        choice: of `choose`.
        settings: how it runs.
        model: folder of whole weights.
        fall_back: for `engine: auto`: where vLLM is installed and does not start, take transformers and say why. One
            that has worked in this process before is not left: a grid has one engine.
        log: as for `kept_engine`.

    Raises:
        BenchError: what `Engine.load` raises.
    """
    if fall_back and choice.engine == "vllm" and settings in _broken:
        choice = _instead(_broken[settings])
    engine = kept_engine(choice, settings, log=log)
    try:
        engine.load(model)
    except BenchError as error:
        first = (choice.engine, settings) not in _worked
        if not (fall_back and first and choice.engine == "vllm" and error.exit_code is ExitCode.FAILED):
            raise
        _broken[settings] = str(error)
        choice = _instead(_broken[settings])
        engine = kept_engine(choice, settings, log=log)
        engine.load(model)
    _worked.add((choice.engine, settings))
    return engine, choice


def _instead(why: str) -> Choice:
    return Choice("transformers", f"generation: transformers, not vllm, which did not start: {' '.join(why.split())}")


def close_kept() -> None:
    """End the kept engine, if there is one."""
    while _kept:
        _kept.popitem()[1].close()


atexit.register(close_kept)
