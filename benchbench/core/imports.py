"""Imports of a process that take seconds, and what makes them take fewer."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("sklearn", "scipy")
"""Packages that transformers imports with every model class where they are installed, for assisted generation and for
losses of detection, and pandas with them; no stage uses either through transformers."""


@contextmanager
def without_collection() -> Iterator[None]:
    """Import without looking for garbage, a quarter of the time otherwise; what is there at the end is never looked at.

    Modules stay as long as their process. Collection goes on as it was before.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


class _Process:
    is_own = False


def own_this_process() -> None:
    """Say that nobody else's code runs in this process but what a recipe names: a command's, or a worker's."""
    _Process.is_own = True


def hide_from_transformers() -> None:
    """Have transformers believe for the life of a process of our own that `UNUSED` are not installed.

    Its model classes and tokenizers would import them, which takes a second and a half of each process. Transformers
    asks once and keeps the answer, so that everything else still finds them. Where the library is imported into a
    user's process, transformers has what it finds.
    """
    if not _Process.is_own:
        return
    from transformers.utils.import_utils import is_scipy_available, is_sklearn_available

    for name, is_available in zip(UNUSED, (is_sklearn_available, is_scipy_available), strict=True):
        if name in sys.modules:
            continue
        is_available.cache_clear()
        sys.modules[name] = None  # pyright: ignore[reportArgumentType]  (a package that cannot be imported)
        try:
            is_available()
        finally:
            del sys.modules[name]
