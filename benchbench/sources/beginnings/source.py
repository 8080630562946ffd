"""Beginnings of texts as prompts, and how the texts go on as responses: data for a model that continues text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.repository import Repository
from benchbench.core.source import LoadedSplits, Source
from benchbench.data.files import content_hash, placed_paths, read_rows
from benchbench.data.hub_dataset import open_dataset, read_dataset_split, required_revision
from benchbench.data.rows import Row
from benchbench.data.splits import load_rows
from benchbench.sources.beginnings.options import BeginningsOptions

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*$")


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
        BenchError: a file or dataset that is not there, a row without text, or a split without an example.
    """
    rows: dict[str, list[Row]] = {}
    dropped: dict[str, Counter[str]] = {}
    where: dict[str, str] = {}
    for split, parts in _texts(options, folder).items():
        where[split] = ", ".join(name for name, _ in parts)
        rows[split], dropped[split] = _cut_rows(options, parts)
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


def _texts(options: BeginningsOptions, folder: Path) -> dict[str, list[tuple[str, list[Row]]]]:
    """Split -> what messages call each file or part of a dataset, and its rows as they stand there."""
    if options.dataset_name is None:
        return {
            split: [(str(folder / path), read_rows(folder / path)) for path in paths]
            for split, paths in options.paths().items()
        }
    named = (options.dataset_name, options.dataset_config, options.dataset_revision)
    builder, label = open_dataset(*named, folder)
    return {
        split: [(f"{label}, {name}", read_dataset_split(builder, name, f"data.options.dataset_splits.{split}"))]
        for split, name in options.dataset_splits.items()
    }


def _cut_rows(options: BeginningsOptions, parts: Sequence[tuple[str, Sequence[Row]]]) -> tuple[list[Row], Counter[str]]:
    """Rows of prompt and response, and how many texts were dropped for which reason."""
    rows: list[Row] = []
    dropped: Counter[str] = Counter()
    for name, texts in parts:
        for number, row in enumerate(texts):
            text = row.get(options.text_column)
            if not isinstance(text, str):
                raise BenchError(
                    f"{name}, row {number}: expected text in column '{options.text_column}', found {text!r}; "
                    f"columns: {', '.join(row)}"
                )
            cut = cut_text(text, options.prompt_words, options.response_words)
            if isinstance(cut, str):
                dropped[cut] += 1
            else:
                rows.append({"prompt": cut[0], "response": cut[1]})
    if options.shuffle:
        rows.sort(key=lambda row: fingerprint([row["prompt"], row["response"]]))
    return rows, dropped


def identity(options: BeginningsOptions, folder: Path) -> Mapping[str, str]:
    """Path as written -> sha256 of its content; of a dataset of the hub its commit."""
    if options.dataset_name is not None and options.local_dataset(folder) is None:
        return {"revision": required_revision(options.dataset_name, options.dataset_revision)}
    return {name: content_hash(path) for name, path in files(options, folder).items()}


def files(options: BeginningsOptions, folder: Path) -> Mapping[str, Path]:
    """The files, or the dataset where it is a local folder; nothing of what the hub has."""
    if options.dataset_name is None:
        return placed_paths(options, folder)
    path = options.local_dataset(folder)
    return {} if path is None else {options.dataset_name: path}


def repository(options: BeginningsOptions, folder: Path) -> Repository | None:
    """The dataset's own, at its commit, or the local folder; none for files."""
    name = options.dataset_name
    if name is None:
        return None
    path = options.local_dataset(folder)
    return Repository(
        "dataset", name, required_revision(name, options.dataset_revision) if path is None else None, path
    )


SOURCE = Source(
    name="beginnings",
    options=BeginningsOptions,
    load=load,
    identity=identity,
    repository=repository,
    files=files,
)
