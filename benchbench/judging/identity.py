"""What a verdict depends on besides the texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.identity import identity
from benchbench.core.judge import Judge, changed


def judge_identity(judge: Judge, options: Any, folder: Path) -> dict[str, Any]:
    """Name, version, options that move a verdict, and content hashes; part of cache keys and of stage settings.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        folder: that of the recipe file.

    Raises:
        BenchError: a file or folder that the options name is not there.
    """
    values = {name: value for name, value in identity(options).items() if name not in judge.handling}
    pins = dict(judge.identity(options, folder))
    return {"name": judge.name, "version": judge.version, "options": values, "identity": pins}


def check_identity(judge: Judge, options: Any, folder: Path, planned: Mapping[str, Any]) -> None:
    """Refuse a judge whose identity is not the one that the verdicts will be stored under.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        folder: that of the recipe file.
        planned: what `judge_identity` gave when the run was planned.

    Raises:
        BenchError: a file that the options name was changed since, or is not there any more; or the judge's code was.
    """
    current = judge_identity(judge, options, folder)
    if current == planned:
        return
    before, now = planned["identity"], current["identity"]
    pins = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if not pins:
        raise BenchError(f"judge {judge.name}: its code was changed since this run was planned; run the command again")
    names = dict.fromkeys(judge.pinned_by.get(pin, pin) for pin in pins)
    values = [f"judge.options.{name} ({getattr(options, name, None)})" for name in names]
    raise changed(", ".join(values))
