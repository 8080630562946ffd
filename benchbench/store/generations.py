"""generations.jsonl and engine.json of a generate stage: what was drawn, and by what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.json_text import parse_json
from benchbench.store.files import json_or_none, read_text, write_json, write_text

COLUMNS = ("example", "sample", "text", "tokens", "finish", "end", "logp_sum", "ref_logp_sum")

OBSERVED = "observed"
"""Column of responses in which a tool wrote something: half-open ranges of tokens that the policy did not draw."""


def write_generations(folder: Path, frame: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Store the responses, one JSON line each, and what made them."""
    columns = (*COLUMNS, OBSERVED) if OBSERVED in frame else COLUMNS
    values = zip(*(list(frame[name]) for name in columns), strict=True)
    lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n" for row in values]
    write_text(folder / "generations.jsonl", "".join(lines))
    write_json(folder / "engine.json", dict(about))


def read_generations(folder: Path) -> pd.DataFrame:
    """The responses of a finished stage, one row each.

    Raises:
        BenchError: the file is missing or damaged.
    """
    path = folder / "generations.jsonl"
    try:
        text = read_text(path)
        rows = [parse_json(line) for line in text.split("\n") if line]  # a response may hold other line separators
        with_tool = bool(rows) and OBSERVED in rows[0]
        return pd.DataFrame(rows, columns=[*COLUMNS, OBSERVED] if with_tool else list(COLUMNS))
    except (OSError, ValueError) as error:
        raise BenchError(
            f"{path}: expected one JSON object per response, found a missing or damaged file ({error}); "
            "remove its folder and run the command that makes it"
        ) from None


def read_engine(folder: Path) -> dict[str, Any]:
    """What drew them: engine, version, precision, device, canary.

    Raises:
        BenchError: the file is missing or damaged.
    """
    path = folder / "engine.json"
    about = json_or_none(path)
    if about is None:
        raise BenchError(
            f"{path}: expected what drew the responses, found a missing or damaged file; "
            "remove its folder and run the command that makes it"
        )
    return about
