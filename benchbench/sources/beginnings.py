"""Beginnings of texts as prompts, and how the texts go on as responses: data for a model that continues text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.core.source import LoadedSplits, Source
from benchbench.data.files import content_hash, placed_paths, read_rows
from benchbench.data.rows import Row
from benchbench.data.splits import check_options, load_rows

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*$")


@dataclass(frozen=True)
class BeginningsOptions:
    """Which file holds which split, and where its texts are cut; paths are relative to the recipe file.

    Raises:
        ValueError: an option out of its range.
    """

    files: dict[str, str | list[str]] = field(default_factory=dict)
    """Split -> path or list of paths (.jsonl, .json, either with .gz, .parquet, or a save_to_disk folder)."""
    text_column: str = "text"
    """Column that holds the text."""
    prompt_words: int = 8
    """Words of the text that are the prompt, >= 1; words are what white space divides."""
    response_words: int | None = 64
    """Most words of the response, >= 1; it ends with the last sentence that ends within them. None: all of the text."""
    holdout: dict[str, float] = field(default_factory=dict)
    """New split -> fraction of prompts, in (0, 1), moved there out of `holdout_from` by a hash of the prompt."""
    holdout_from: str = "train"
    """Split from which `holdout` takes its prompts."""
    limit: dict[str, int] = field(default_factory=dict)
    """Split -> number of its first examples to keep, after everything else."""

    def __post_init__(self) -> None:
        if not self.files or not all(self.files.values()):
            raise ValueError("files: expected a path or paths for at least one split, got none")
        for name, words in (("prompt_words", self.prompt_words), ("response_words", self.response_words)):
            if words is not None and words < 1:
                raise ValueError(f"{name}: expected at least 1, got {words}")
        check_options(rename={}, columns=(), limit=self.limit, holdout=self.holdout)

    def paths(self) -> dict[str, list[str]]:
        """Split -> paths as written."""
        return {split: [paths] if isinstance(paths, str) else list(paths) for split, paths in self.files.items()}


def cut_text(text: str, prompt_words: int, response_words: int | None) -> tuple[str, str] | str:
    """(beginning, continuation) of a text, without white space at the cut; why there are none, where there are none."""
    words = list(_WORD.finditer(text))
    if len(words) <= prompt_words:
        return "no word after the beginning"
    rest = words[prompt_words:]
    if response_words is not None and len(rest) > response_words:
        ends = [word for word in rest[:response_words] if _SENTENCE_END.search(word[0])]
        if not ends:
            return "no sentence ends within the response"
        rest = rest[: rest.index(ends[-1]) + 1]
    return text[words[0].start() : words[prompt_words - 1].end()], text[rest[0].start() : rest[-1].end()]


def load(options: BeginningsOptions, folder: Path) -> LoadedSplits:
    """Every text as an example of one response; texts that cannot be cut are dropped and counted.

    Raises:
        BenchError: a file that is not there, a row without text, or a split without an example.
    """
    rows: dict[str, list[Row]] = {}
    dropped: dict[str, Counter[str]] = {}
    where = {split: ", ".join(str(folder / path) for path in paths) for split, paths in options.paths().items()}
    for split, paths in options.paths().items():
        rows[split], dropped[split] = _cut_rows(options, folder, paths)
    held_out = {"holdout": options.holdout, "holdout_from": options.holdout_from}
    loaded = load_rows(rows, where=where, rename={}, columns=(), limit=options.limit, **held_out)
    readings = {
        split: replace(
            reading,
            rows=reading.rows + dropped.get(split, Counter()).total(),
            dropped={**reading.dropped, **dropped.get(split, {})},
        )
        for split, reading in loaded.readings.items()
    }
    return LoadedSplits(loaded.splits, readings)


def _cut_rows(options: BeginningsOptions, folder: Path, paths: Sequence[str]) -> tuple[list[Row], Counter[str]]:
    """Rows of prompt and response, and how many texts were dropped for which reason."""
    rows: list[Row] = []
    dropped: Counter[str] = Counter()
    for path in paths:
        for number, row in enumerate(read_rows(folder / path)):
            text = row.get(options.text_column)
            if not isinstance(text, str):
                raise BenchError(
                    f"{folder / path}, row {number}: expected text in column '{options.text_column}', found {text!r}; "
                    f"columns: {', '.join(row)}"
                )
            parts = cut_text(text, options.prompt_words, options.response_words)
            if isinstance(parts, str):
                dropped[parts] += 1
            else:
                rows.append({"prompt": parts[0], "response": parts[1]})
    return rows, dropped


def identity(options: BeginningsOptions, folder: Path) -> Mapping[str, str]:
    """Path as written -> sha256 of its content."""
    return {path: content_hash(folder / path) for paths in options.paths().values() for path in paths}


SOURCE = Source(name="beginnings", options=BeginningsOptions, load=load, identity=identity, files=placed_paths)
