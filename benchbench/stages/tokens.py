"""A stage's split as token ids, from the entry of `runs/tokens/` that all stages share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchbench.core.identity import identity
from benchbench.core.installed import version
from benchbench.data.token_rows import entry_of, examples_of
from benchbench.data.tokenize import VERSION
from benchbench.data.tokenized import Tokenized
from benchbench.stages.settings import ReadingSettings
from benchbench.store.tokens import TokenEntry, kept_tokens

LIBRARIES = ("jinja2", "tokenizers", "transformers")
"""Whose versions may move token ids; a stage records those of its own process, so it reads no ids of others."""
PARALLELISM = "TOKENIZERS_PARALLELISM"


def made_of(reading: ReadingSettings, data: Mapping[str, Any], way: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that reaches the tokens of a split, as plain values.

    A date that the chat template writes is one of the tokenisation settings, so no day is among them otherwise.

    Args:
        reading: the stage's settings; model, method, seed and memory are no part of it.
        data: what identifies the examples (`StageContext.data_content`).
        way: which of them are read, and what becomes of those that cannot be used.
    """
    return {
        "data": dict(data),
        "tokenizer": reading.model.tokenizer,
        "tokenization": identity(reading.tokenization),
        "version": VERSION,
        "libraries": {name: version(name) for name in LIBRARIES},
        **way,
    }


def tokenized_once(
    root: Path, made_of: Mapping[str, Any], make: Callable[[], Tokenized], report: Callable[[Mapping[str, Any]], None]
) -> Tokenized:
    """The tokenised examples of an entry, made if it is not there.

    Args:
        root: the `runs/` folder.
        made_of: everything that reaches the tokens.
        make: tokenises; it has all cores, since stages that need the same tokens wait for them meanwhile.
        report: told in a line where an entry was there and had to be made again.
    """

    def entry() -> TokenEntry:
        with _all_cores():
            return entry_of(make())

    return examples_of(kept_tokens(root, made_of, entry, say=lambda line: report({"message": line})))


@contextmanager
def _all_cores() -> Iterator[None]:
    """Let tokenizers use every core, and nobody look for garbage among lists of ids, half of the time otherwise.

    A process that is forked later must not use them, so the variable is put back.
    """
    before, was_enabled = os.environ.get(PARALLELISM), gc.isenabled()
    os.environ[PARALLELISM] = "true"
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        if before is None:
            del os.environ[PARALLELISM]
        else:
            os.environ[PARALLELISM] = before
