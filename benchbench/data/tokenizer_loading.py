"""A tokenizer out of a folder's files, checked against them, and kept for who asks for the same files again."""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchbench.core.errors import BenchError
from benchbench.core.imports import hide_from_transformers
from benchbench.data.tokenizer_check import check_tokenizer, how_to_mend
from benchbench.data.tokenizer_files import WHOLE, tokenizer_files

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SCRATCH = "benchbench-tokenizer-"
"""Begins the names of folders that are gone at the end of a call."""
_KEPT = 4
"""Tokenizers in memory; a large vocabulary takes some ten MB, and half a second to load and to check."""


def checked_tokenizer(folder: Path, trust: bool) -> PreTrainedTokenizerBase:
    """A fast tokenizer from the folder's `tokenizer_files` and no others, checked against them; the caller's own.

    Every stage and every plan asks for one, most often for the one before, so that of files which did not change since
    by path, size, time and inode a copy is given. Code that comes with a folder is run anew each time.

    Raises:
        BenchError: it does not load, has no fast form, or is not what its files say.
    """
    if trust:
        return _checked(folder, trust)
    stats = ((name, path.resolve(), path.stat()) for name, path in tokenizer_files(folder).items())
    state = tuple((name, str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, path, stat in stats)
    return copy.deepcopy(_kept(folder, state))


@lru_cache(maxsize=_KEPT)
def _kept(folder: Path, state: tuple[tuple[str, str, int, int, int], ...]) -> PreTrainedTokenizerBase:
    return _checked(folder, trust=False)


def _checked(folder: Path, trust: bool) -> PreTrainedTokenizerBase:
    tokenizer = _loaded(folder, trust)
    if not tokenizer.is_fast:
        raise BenchError(f"{folder}: expected a tokenizer with a fast form ({WHOLE}), found none")
    check_tokenizer(tokenizer, tokenizer_files(folder), str(folder))
    return tokenizer


def _loaded(folder: Path, trust: bool) -> PreTrainedTokenizerBase:
    """From a view of the folder that holds its tokenizer's files alone.

    Code that comes with a folder may read anything beside it, so it is given the folder itself.
    """
    hide_from_transformers()
    from transformers import AutoTokenizer

    with TemporaryDirectory(prefix=SCRATCH) as scratch:
        view = folder.resolve()
        if not trust:
            view = Path(scratch)
            for name, path in tokenizer_files(folder).items():
                (view / name).parent.mkdir(exist_ok=True)
                (view / name).symlink_to(path.resolve())
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(view), local_files_only=True, trust_remote_code=trust)
        except Exception as error:  # a class that does not fit its files fails in whatever way
            said = " ".join(str(error).split()).replace(str(view), str(folder))
            names = ", ".join(tokenizer_files(folder))
            raise BenchError(
                f"{folder}: expected a tokenizer, found none that loads (from {names}: {said[:200]}); "
                f"{how_to_mend(tokenizer_files(folder))}"
            ) from None
    tokenizer.name_or_path = tokenizer.init_kwargs["name_or_path"] = str(folder)
    return tokenizer
