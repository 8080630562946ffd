"""Where recipes and settings are found: by their contents, never by file name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import benchbench
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.recipe.document import Document, describe, read_document
from benchbench.recipe.values import overlay

LONGEST_CHAIN = 20
"""Settings, each of which extends the next."""


@dataclass(frozen=True)
class Entry:
    """One YAML file of the library."""

    path: Path
    document: Document

    @property
    def values(self) -> Mapping[str, Any]:
        """The file's values, unvalidated."""
        return self.document.values

    @property
    def shown(self) -> str:
        """The path as a user may write it: shipped files as `recipes/...`, wherever the package is."""
        inside = self.path.resolve()
        root = shipped_root().resolve()
        return str(Path("recipes") / inside.relative_to(root)) if inside.is_relative_to(root) else str(self.path)

    @property
    def is_setting(self) -> bool:
        """A setting names no method."""
        return "method" not in self.values

    @property
    def setting_name(self) -> str:
        """The setting this file is, or belongs to."""
        return str(self.values.get("name" if self.is_setting else "setting", ""))

    @property
    def method(self) -> tuple[str, str]:
        """(name, variant) of a recipe."""
        method = self.values.get("method")
        if not isinstance(method, Mapping):
            return str(method), "default"
        return str(method.get("name", method.get("file", ""))), str(method.get("variant", "default"))


def shipped_root() -> Path:
    """Folder of the recipes that came with the package: inside the wheel, or beside the checkout's package."""
    package = Path(benchbench.__file__).parent
    inside = package / "_recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def roots() -> tuple[Path, ...]:
    """Folders that are searched: `recipes/` here, then the shipped ones; one folder is never searched twice."""
    folders: list[Path] = []
    for root in (Path("recipes"), shipped_root()):
        if root.is_dir() and not any(root.resolve() == other.resolve() for other in folders):
            folders.append(root)
    return tuple(folders)


def entries() -> Iterator[Entry]:
    """Every recipe and setting of the library that can be read, in file-name order; one that cannot blocks no other."""
    for _, entry in _read_all():
        if isinstance(entry, Entry):
            yield entry


def unread_files() -> list[str]:
    """What keeps files of the library from being read, a line for each."""
    return [str(entry) for _, entry in _read_all() if isinstance(entry, BenchError)]


def _read_all() -> Iterator[tuple[Path, Entry | BenchError]]:
    for root in roots():
        for path, stamp in _files(str(root)):
            try:
                entry = _entry(Path(path)) if stamp is None else _cached(path, stamp)
                yield entry.path, entry
            except BenchError as error:
                yield Path(path), error


def _files(folder: str) -> Iterator[tuple[str, int | None]]:
    """(path, time of the last change) of the YAML files under a folder, in the order of their names.

    A file that has no such time, such as a link to nothing, has none here. All commands look through the library, some
    for every row, so this is `Path.rglob` at a quarter of its cost; as there, links to folders are not followed.
    """
    try:
        with os.scandir(folder) as items:
            inside = sorted(items, key=lambda item: item.name)
    except PermissionError:
        return
    for item in inside:
        if item.name.endswith(".yaml"):
            try:
                yield item.path, item.stat().st_mtime_ns
            except OSError:
                yield item.path, None
        if item.is_dir(follow_symlinks=False):
            yield from _files(item.path)


@lru_cache(maxsize=512)
def _cached(path: str, stamp: int) -> Entry:
    return Entry(Path(path), read_document(Path(path)))


def _entry(path: Path) -> Entry:
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise BenchError(f"{path}: cannot be read ({error.strerror}); mend or remove it") from None
    return _cached(str(path), stamp)


def _also_unread() -> str:
    """A remark for who looks for a name: the library's files that could not be read."""
    unread = unread_files()
    return f" Not read: {'; '.join(unread)}." if unread else ""


def existing_path(text: str) -> Path | None:
    """The file a user means by a path: as given, or among the shipped recipes."""
    path = Path(text)
    if path.is_file():
        return path
    if path.suffix not in (".yaml", ".yml"):
        return None
    parts = path.parts[1:] if path.parts[:1] == ("recipes",) else path.parts
    shipped = shipped_root().joinpath(*parts)
    return shipped if parts and shipped.is_file() else None


def looks_like_path(text: str) -> bool:
    """Whether a name was meant as a file."""
    return text.endswith((".yaml", ".yml")) or "/" in text


def open_entry(text: str) -> Entry:
    """The entry of a path.

    Raises:
        BenchError: there is no such file.
    """
    path = existing_path(text)
    if path is None:
        what = other_than_file(Path(text))
        said = "no such file" if what is None else f"expected a file, found {what}"
        raise BenchError(f"{text}: {said}; `bench recipes ls` lists the recipes there are")
    return _entry(path)


def other_than_file(path: Path) -> str | None:
    """What stands in the place of a file, in words; none where nothing does."""
    if path.is_symlink() and not path.exists():
        return "a link to a file that is not there"
    if not path.exists():
        return None
    if path.is_fifo():
        return "a pipe, which would be waited for"
    return "a folder" if path.is_dir() else "a device or a socket"


def find_setting(name: str, *, beside: Path | None = None) -> Entry:
    """The setting of that name or path (relative to `beside`, then to the working folder).

    Raises:
        BenchError: there is none, or two files claim the name.
    """
    if looks_like_path(name):
        local = beside / name if beside is not None else None
        return _as_setting(_entry(local) if local is not None and local.is_file() else open_entry(name))
    settings = [entry for entry in entries() if entry.is_setting]
    claimants = _distinct(entry for entry in settings if entry.setting_name == name)
    if not claimants:
        known = sorted({entry.setting_name for entry in settings})
        raise BenchError(
            f"unknown setting '{name}'.{suggestion(name, known)} Known: {', '.join(known)}.{_also_unread()}"
        )
    if len(claimants) > 1:
        raise BenchError(
            f"setting '{name}' is claimed by two files, {claimants[0].path} and {claimants[1].path}; rename one of them"
        )
    return claimants[0]


def extended(setting: Entry) -> Entry:
    """A setting laid over the one it `extends`, and so on; every value keeps the place it was written at.

    Raises:
        BenchError: there is no setting of that name, or settings extend each other in a circle or without end.
    """
    chain = [setting]
    while (name := chain[-1].values.get("extends")) is not None:
        if not isinstance(name, str) or not name:
            fault = Fault("extends", f"expected a setting's name, got {describe(name)}")
            raise BenchError.of_faults(str(chain[-1].path), [fault])
        if len(chain) == LONGEST_CHAIN:
            raise BenchError(
                f"{setting.path}: expected at most {LONGEST_CHAIN} settings that extend each other, found more; write "
                "the last of them whole"
            )
        base = _base(name, chain)
        if any(base.path.resolve() == known.path.resolve() for known in chain):
            names = " extends ".join(entry.setting_name for entry in (*chain, base))
            raise BenchError(f"{setting.path}: settings extend each other in a circle: {names}")
        chain.append(base)
    document = chain.pop().document
    for entry in reversed(chain):
        document = overlay(document, entry.document)
    values = {key: value for key, value in document.values.items() if key != "extends"}
    return Entry(setting.path, Document(values, {k: v for k, v in document.origins.items() if k != "extends"}))


def _base(name: str, chain: Sequence[Entry]) -> Entry:
    """The setting that the last of a chain extends.

    Raises:
        BenchError: there is none; the message has the chain that led to the name.
    """
    try:
        return find_setting(name, beside=chain[-1].path.parent)
    except BenchError as error:
        names = " extends ".join((*(entry.setting_name for entry in chain), name))
        if name in [entry.setting_name for entry in chain]:
            known = f"{chain[0].path}: settings extend each other in a circle: {names}"
            raise BenchError(known) from None
        beside = chain[-1].path.parent / f"{name}.yaml"
        hint = f" A setting in a file is named by its path: extends: {beside.name}." if beside.is_file() else ""
        raise BenchError(f"{chain[-1].path}: extends ({names}): {error}{hint}") from None


def _as_setting(entry: Entry) -> Entry:
    if not entry.is_setting:
        raise BenchError(
            f"{entry.path}: this is a recipe (it names method '{entry.method[0]}'), not a setting; "
            f"its setting is '{entry.setting_name}', and `bench recipes ls` lists all"
        )
    if not entry.setting_name:
        raise BenchError.of_faults(str(entry.path), [Fault("name", "required, not given; expected a setting's name")])
    return entry


def _distinct(candidates: Iterable[Entry]) -> list[Entry]:
    """Entries of different contents: a copy of a shipped file beside the shipped one is no second claim."""
    distinct: list[Entry] = []
    for entry in candidates:
        if not any(entry.values == other.values for other in distinct):
            distinct.append(entry)
    return distinct


def find_recipe(setting: str, method: str, variant: str) -> Entry | None:
    """The recipe for (setting, method, variant), or none.

    Raises:
        BenchError: two files match.
    """
    wanted = (setting, (method, variant))
    matches = _distinct(e for e in entries() if not e.is_setting and (e.setting_name, e.method) == wanted)
    if len(matches) > 1:
        raise BenchError(
            f"method '{method}' (variant '{variant}') has two recipes in setting '{setting}': {matches[0].path} and "
            f"{matches[1].path}; give one of the two paths instead, or another variant name to one of them"
        )
    return matches[0] if matches else None


def recipe_variants(setting: str, method: str) -> set[str]:
    """The variants of a method that the recipes of a setting have."""
    recipes = (entry for entry in entries() if not entry.is_setting and entry.setting_name == setting)
    return {entry.method[1] for entry in recipes if entry.method[0] == method}
