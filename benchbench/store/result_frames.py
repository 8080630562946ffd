"""The tables of results/<setting>/ as frames: text is text, numbers are numbers, lists of numbers are tuples."""

from __future__ import annotations

import pandas as pd

from benchbench.store.results import ResultStore

TABLES = (
    "measurements",
    "comparisons",
    "flagged",
    "win_rates",
    "win_rate_intervals",
    "responses",
)
"""Every table a comparison may leave in a results folder, by the name of its file."""
_TEXT: frozenset[str] = frozenset(
    (
        *("recipe", "recipe_hash", "setting", "method", "variant", "overrides", "paper", "split", "metric", "scoring"),
        *(
            "methods",
            "seeds",
            "baseline",
            "candidate",
            "subset",
            "unit",
            "direction",
            "interval_method",
            "checkpoint_test",
            "note",
            "marks",
        ),
        *("engine", "device_kind", "dtype", "opponent", "judge", "prompts_hash", "generate_hash", "judge_hash"),
        "temperature",
    )
)
"""Columns that stay text even where every value looks like a number, as a hash of digits does."""
_LISTS = ("values", "baseline_values", "checkpoint_p")
_TRUTH = {"True": True, "False": False}


def read_frame(results: ResultStore, table: str) -> pd.DataFrame:
    """One table with typed columns; an empty frame where no command has written it."""
    return typed_frame(results.table(f"{table}.csv"), table)


def typed_frame(text: pd.DataFrame, table: str) -> pd.DataFrame:
    """A table of texts as what they write down; floats are read exactly, and a column of empty texts stays one.

    Args:
        text: the texts of a CSV file.
        table: its name, since two tables have columns of one name that are not of one kind.
    """
    named = table != "comparisons" and "prompts" in text.columns  # a file or split there, a count in comparisons
    stays = _TEXT | {"prompts"} if named else _TEXT
    return pd.DataFrame({name: _typed(name, list(column), stays) for name, column in text.items()})


def _typed(name: object, texts: list[str], stays: frozenset[str]) -> pd.Series:
    """A column of texts as what they write down."""
    if name in stays or not any(texts):
        return pd.Series(texts, dtype=object)
    if name in _LISTS:
        return pd.Series([tuple(map(float, text.split())) for text in texts], dtype=object)
    if texts and set(texts) <= set(_TRUTH):
        return pd.Series([_TRUTH[text] for text in texts])
    try:
        whole = all(text.removeprefix("-").isdecimal() for text in texts)
        return pd.Series([int(text) if whole else float(text or "nan") for text in texts])
    except ValueError:  # a column of text that joined later
        return pd.Series(texts, dtype=object)
