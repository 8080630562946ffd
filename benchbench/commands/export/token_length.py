"""Lengths of responses in the tokens of gpt-4o, which Arena-Hard's published answers are counted in."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from benchbench.core.errors import BenchError, ExitCode

COUNTERS = ("own", "gpt-4o")
"""`own`: the policy's own tokenizer, as its responses were drawn; `gpt-4o`: that of Arena-Hard (evaluation.md B4)."""


def gpt_4o_lengths(texts: Iterable[str]) -> list[int]:
    """Tokens of each text, text that looks like a special token included.

    Raises:
        BenchError: exit code 5; tiktoken is not installed, or its encoding is not on this machine and cannot be had.
    """
    try:
        encoding: Any = importlib.import_module("tiktoken").encoding_for_model("gpt-4o")
    except Exception as error:  # whatever its download raises; it has no error of its own
        raise BenchError(
            "--token-len gpt-4o: expected tiktoken with gpt-4o's encoding, found none "
            f"({type(error).__name__}: {error}); install it and let it fetch the encoding once, "
            "or count with --token-len own",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None
    return [len(encoding.encode(text, disallowed_special=())) for text in texts]
