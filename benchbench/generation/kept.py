"""One engine for all stages that a process runs: starting vLLM is paid once, weights are reloaded."""

from __future__ import annotations

import atexit
from pathlib import Path

from benchbench.core.generation import Engine
from benchbench.generation.choose import Choice, open_engine
from benchbench.generation.settings import EngineSettings

_kept: dict[tuple[str, EngineSettings], Engine] = {}


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


def close_kept() -> None:
    """End the kept engine, if there is one."""
    while _kept:
        _kept.popitem()[1].close()


atexit.register(close_kept)
