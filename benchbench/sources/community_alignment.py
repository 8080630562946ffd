"""Community Alignment: four responses to a prompt, of which an annotator of one of five countries prefers one.

Zhang et al. 2025, arXiv:2507.09650, the hub's `facebook/community-alignment-dataset`, as a file of this machine, whose
columns three public readers of it agree on: `conversation_id`, `annotator_id`, `assigned_lang`, `first_turn_prompt`,
`first_turn_response_a` to `_d`, and `first_turn_preferred_response`, which is `response_a` to `response_d`. The
preferred response makes a pair with each other one. Later turns and what annotators wrote are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from benchbench.core.errors import BenchError
from benchbench.core.source import LoadedSplits, Source
from benchbench.data.files import content_hash, placed_paths, read_rows
from benchbench.data.rows import Row
from benchbench.data.splits import load_rows

LETTERS = "abcd"
RESPONSES = {f"response_{letter}": f"first_turn_response_{letter}" for letter in LETTERS}
"""What the preferred response is called -> its column."""
PROMPT, PREFERRED, ANNOTATOR, END = (
    "first_turn_prompt",
    "first_turn_preferred_response",
    "annotator_id",
    "<|end_of_text|>",
)


@dataclass(frozen=True)
class CommunityAlignmentOptions:
    """Which files, and whose preferences are a group; paths are relative to the recipe file.

    Raises:
        ValueError: no file.
    """

    files: dict[str, str | list[str]] = field(default_factory=dict)
    """Split -> path or list of paths (.jsonl, .json, either with .gz, .parquet, or a save_to_disk folder)."""
    group: Literal["annotator_country", "assigned_lang", "annotator_id"] = "annotator_country"
    """Column whose values are the groups of `worst_group_accuracy`; its texts in order are 0, 1, 2, ..."""
    limit: dict[str, int] = field(default_factory=dict)
    """Split -> number of its first examples to keep."""

    def __post_init__(self) -> None:
        if not self.files:
            raise ValueError("files: expected at least one, such as {train: community_alignment.parquet}, got none")

    def paths(self) -> dict[str, list[str]]:
        """Split -> paths as written."""
        return {split: [paths] if isinstance(paths, str) else [*paths] for split, paths in self.files.items()}


def load(options: CommunityAlignmentOptions, folder: Path) -> LoadedSplits:
    """Pairs with the columns `group` and `user`, numbers of the texts in the data; rows without a choice are counted.

    Raises:
        BenchError: a column is missing.
    """
    read = {split: [row for p in paths for row in read_rows(folder / p)] for split, paths in options.paths().items()}
    where = {split: ", ".join(str(folder / path) for path in paths) for split, paths in options.paths().items()}
    for split, rows in read.items():
        _check_columns(rows, options.group, where[split])
    every = [row for rows in read.values() for row in rows]
    groups, users = (_numbers(every, name) for name in (options.group, ANNOTATOR))
    dropped: dict[str, Counter[str]] = {split: Counter() for split in read}
    pairs: dict[str, Sequence[Row]] = {
        split: [
            {**pair, "group": groups[str(row[options.group])], "user": users[str(row[ANNOTATOR])]}
            for row in rows
            for pair in _pairs(row, dropped[split])
        ]
        for split, rows in read.items()
    }
    loaded = load_rows(pairs, where=where, rename={}, columns=("group", "user"), limit=options.limit)
    readings = {
        split: replace(reading, rows=len(read[split]), dropped={**reading.dropped, **dropped[split]})
        for split, reading in loaded.readings.items()
    }
    return LoadedSplits(loaded.splits, readings)


def _check_columns(rows: Sequence[Row], group: str, where: str) -> None:
    there = {name for row in rows for name in row}
    if missing := [name for name in (PROMPT, *RESPONSES.values(), PREFERRED, ANNOTATOR, group) if name not in there]:
        raise BenchError(f"{where}: expected the columns of Community Alignment, missing: {', '.join(missing)}")


def _numbers(rows: Sequence[Row], column: str) -> Mapping[str, float]:
    return {text: float(place) for place, text in enumerate(sorted({str(row.get(column)) for row in rows}))}


def _pairs(row: Row, dropped: Counter[str]) -> Iterator[dict[str, Any]]:
    preferred = RESPONSES.get(str(row.get(PREFERRED)))
    texts = {name: str(row[name]).removesuffix(END).strip() for name in RESPONSES.values() if row.get(name)}
    if not row.get(PROMPT) or preferred not in texts:
        dropped["no prompt, or no preferred response"] += 1
        return
    for name in RESPONSES.values():
        if name != preferred and name in texts:
            place = f"{row.get('conversation_id')} {name[-1]}"
            yield {"id": place, "prompt": row[PROMPT], "chosen": texts[preferred], "rejected": texts[name]}


def identity(options: CommunityAlignmentOptions, folder: Path) -> Mapping[str, str]:
    """Path as written -> sha256 of its content."""
    return {path: content_hash(folder / path) for paths in options.paths().values() for path in paths}


SOURCE = Source(
    name="community_alignment",
    options=CommunityAlignmentOptions,
    load=load,
    identity=identity,
    files=placed_paths,
)
