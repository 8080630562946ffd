"""Versions of installed packages."""

from __future__ import annotations

import functools
import importlib.metadata


@functools.cache
def version(package: str) -> str:
    """The installed version of a package, read once in a process.

    A process runs what it has imported, whatever is installed meanwhile. Every stage records a dozen versions, and
    parsing the metadata of all of them takes longer than anything else it writes down. A package that is missing is
    looked for again, since it may be installed between two commands of a notebook.

    Args:
        package: as it is installed, such as `tokenizers`.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    return importlib.metadata.version(package)
