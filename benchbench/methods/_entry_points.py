"""Methods of installed packages: entry points of group `benchbench.methods`, called after their package's content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from benchbench.core.errors import BenchError, StoppedBySignal
from benchbench.core.hashing import FINGERPRINT_LENGTH
from benchbench.core.method import Method
from benchbench.methods._file import named_method, raised, refuse_name

GROUP = "benchbench.methods"


def installed_names() -> tuple[str, ...]:
    """Names of the entry points, sorted; nothing is imported."""
    return tuple(sorted({point.name for point in _points()}))


def installed_method(name: str, *, built_in: Collection[str]) -> Method:
    """The method of an entry point, under its name with the content of the package's Python files.

    Raises:
        BenchError: two packages claim the name, a built-in method has it, or its module raises or gives no method.
    """
    points = [point for point in _points() if point.name == name]
    where = f"entry point '{name}' of {' and '.join(sorted({_package(point) for point in points}))}"
    refuse_name(name, built_in, where=where)
    if len(points) != 1:
        raise BenchError(f"{where}: expected one package to define the method; uninstall the other")
    return _read(points[0], where)


@lru_cache(maxsize=256)
def _read(point: EntryPoint, where: str) -> Method:
    try:
        loaded = point.load()
    except (KeyboardInterrupt, StoppedBySignal):
        raise
    except BaseException as error:
        raise BenchError(
            f"{where}: expected {point.value} to be importable, it raised {raised(error)}; mend the package"
        ) from None
    return named_method(loaded, point.name, _content(point.module.partition(".")[0]), where=where)


def _content(package: str) -> str:
    """Hash of all Python files of a package, or of a module of one file."""
    spec = find_spec(package)
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    files = [(folder, file) for folder in folders for file in sorted(folder.rglob("*.py"))]
    if not files and spec is not None and spec.origin:
        files = [(Path(spec.origin).parent, Path(spec.origin))]
    digest = hashlib.sha256()
    for folder, file in files:
        digest.update(f"{file.relative_to(folder)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()[:FINGERPRINT_LENGTH]


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module
