"""Which comparison a user means: the newest, an id or its beginning, a folder, or a setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.comparison_folders import ABOUT, ComparisonFolders
from benchbench.store.files import folders


def comparison_folder(target: str | None, results: Path) -> Path:
    """The folder of the comparison that a target names; without a target the newest of all settings.

    Args:
        target: an id or the beginning of one, a folder, or a setting, whose newest is meant.
        results: the `results/` folder.

    Raises:
        BenchError: exit code 5 where there is none; 2 where several are meant.
    """
    settings = [ComparisonFolders(folder) for folder in folders(results)]
    if target is None:
        return _newest(settings, results)
    place = Path(target)
    if (place / ABOUT).is_file():
        return place.resolve()
    for setting in (ComparisonFolders(place), ComparisonFolders(results / target)):
        latest = setting.latest()
        if latest is not None:
            return latest
    named = [folder for setting in settings for folder in setting.named(target)]
    exact = [folder for folder in named if folder.name == target]
    named = exact or named
    if len(named) > 1:
        listed = ", ".join(folder.relative_to(results).as_posix() for folder in named)
        raise BenchError(f"{target}: expected the id of one comparison, found {len(named)}: {listed}; name its folder")
    if named:
        return named[0]
    raise _none(f"{target}: expected the id of a comparison, its folder, or a setting that was compared", settings)


def _newest(settings: Sequence[ComparisonFolders], results: Path) -> Path:
    pointed = [latest for setting in settings if (latest := setting.latest()) is not None]
    if not pointed:
        raise _none(f"{results}: expected a comparison", settings)
    return max(pointed, key=lambda folder: (folder / ABOUT).stat().st_mtime_ns)


def _none(expected: str, settings: Sequence[ComparisonFolders]) -> BenchError:
    known = [folder.name for setting in settings for folder in setting.named("")]
    there = f"there are {', '.join(known)}" if known else "found none; `bench compare METHOD METHOD` makes one"
    return BenchError(f"{expected}; {there}", exit_code=ExitCode.UNAVAILABLE)
