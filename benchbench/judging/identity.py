"""What a verdict depends on besides the texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchbench.core.judge import Judge
from benchbench.recipe.binding import plain


def judge_identity(judge: Judge, options: Any, folder: Path) -> dict[str, Any]:
    """Name, version, options that move a verdict, and content hashes; part of cache keys and of stage settings.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        folder: that of the recipe file.

    Raises:
        BenchError: a file or folder that the options name is not there.
    """
    values = {name: value for name, value in plain(options).items() if name not in judge.handling}
    pins = dict(judge.identity(options, folder))
    return {"name": judge.name, "version": judge.version, "options": values, "identity": pins}
