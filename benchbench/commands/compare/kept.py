"""Everything that a comparison of finished cells follows from, so that an equal one is read back and not made again.

What is shown and written is a function of the stages' records and rows, the prepared data, the resolved recipes, what
was asked for, and the code. All of it is in the key; a key that was seen before therefore means the same comparison.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import benchbench
from benchbench.commands.compare.run import CompareRequest, PreparedComparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import plain
from benchbench.core.installed import version
from benchbench.recipe.load import Loaded
from benchbench.store.file_hashes import file_hash, kept_hash

VERSION = 5
"""Raised by hand when what is kept of a comparison has another form."""
LIBRARIES = ("numpy", "pandas", "scipy", "pyarrow", "matplotlib")
"""Numbers, tables and figures of a comparison go through these."""
SMALL_BYTES = 1 << 16
"""A file up to this size is read as fast as the note of what it held."""


def comparison_key(prepared: PreparedComparison, request: CompareRequest, options: RunOptions) -> str:
    """Fingerprint of everything that reaches what a comparison of finished cells shows and writes."""
    return fingerprint(ingredients(prepared, request, options))


def ingredients(prepared: PreparedComparison, request: CompareRequest, options: RunOptions) -> dict[str, Any]:
    """What the key is made of, by kind, as plain values."""
    root, session = options.store.root, prepared.session
    data = sorted({cell.data for cell in session.cells})
    return {
        "code": _code(),
        "request": plain(request) | {"results": str(options.results_root)},
        "comparison": [list(prepared.seeds), prepared.baseline, prepared.notice, plain(prepared.shown)],
        "recipes": [_recipe(item) for item in prepared.loaded],
        "cells": [[cell.loaded.label, cell.seed, cell.data, cell.answered, cell.stages] for cell in session.cells],
        "titles": {key: spec.title for key, spec in session.plan.stages.items()},
        "stages": {key: _contents(options.store.folder(key), root) for key in session.plan.stages},
        "data": {key: _contents(root / "data" / key, root) for key in data},
    }


def _code() -> dict[str, Any]:
    """This package, by the content of its source files, and the libraries that numbers go through."""
    return {
        "version": VERSION,
        "package": benchbench.__version__,
        "source": source_hash(Path(benchbench.__file__).parent),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def source_hash(package: Path) -> str:
    """Content hash of every source file of a package, so that a metric that is being written is measured anew."""
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\n{file_hash(path)}\n".encode())
    return digest.hexdigest()


def _recipe(item: Loaded) -> dict[str, Any]:
    """The resolved recipe, claims and notice included, and what is said of it beside its values."""
    about = {"label": item.label, "untuned": item.untuned, "overrides": list(item.overrides)}
    return about | {"values": item.values(), "hashes": [item.recipe_hash, item.comparability_hash]}


def _contents(folder: Path, root: Path) -> Mapping[str, str]:
    """File -> content hash, of what lies in a folder itself; weights lie deeper, and no comparison reads them."""
    read = partial(_content, root=root)
    return {path.name: read(path) for path in _files(folder)}


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_file())


def _content(path: Path, root: Path) -> str:
    return file_hash(path) if path.stat().st_size <= SMALL_BYTES else kept_hash(path, root)
