"""What files of data hold: columns, shape, splits, and how long their texts are as tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.commands.init.seen_model import written_path
from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.core.source import LoadedSplits
from benchbench.data.columns import UnreadPartsError
from benchbench.data.encode import Encoder
from benchbench.data.encoded_examples import encode_examples
from benchbench.data.files import read_rows
from benchbench.data.normalise import normalise
from benchbench.data.render import renderer
from benchbench.data.rows import Row
from benchbench.data.splits import MOVED
from benchbench.recipe.schema import TokenizationSection
from benchbench.sources.local_files import LocalFilesOptions, load

SPLIT_COLUMN = "split"
"""Column that says which split a row is of, where it says so of every row."""
MOST_SPLITS = 6
"""More different values are no names of splits."""
TRAIN, TEST, VALIDATION = ("train",), ("test",), ("validation", "valid", "eval", "dev")
"""How names of splits begin."""
HOLDOUTS: tuple[Mapping[str, float], ...] = (
    {"validation": 0.1, "test": 0.2},
    {"validation": 0.2, "test": 0.3},
    {"test": 0.5},
)
"""Shares that are held out where there is one split; the later ones where the split would else be empty."""
MOST_MEASURED = 1000
"""Examples whose length in tokens is looked at."""


@dataclass(frozen=True)
class SeenData:
    """Data as a setting names them, and what was seen of them."""

    options: Mapping[str, Any]
    """`data.options` of source `local_files`."""
    splits: Mapping[str, int]
    """Split -> examples."""
    train: str
    """Split that is trained on."""
    test: str
    """Split that results are reported on."""
    validation: str | None
    """Split that values are chosen on; none where there are too few prompts for one."""
    columns: tuple[str, ...]
    """Of the files."""
    ignored: tuple[str, ...]
    """Columns and fields that nothing reads."""
    without_conversation: tuple[str, ...]
    """Columns of the files that are known to carry no part of a conversation."""
    notes: tuple[str, ...]
    """What reading counted: rows left out, names read as others."""
    candidates: tuple[int, ...]
    """How many responses the examples have."""
    examples: Sequence[Example]
    """Those of training."""

    @property
    def has_pairs(self) -> bool:
        """Whether every example is a pair; else pairs are made of rated candidates."""
        return self.candidates == (2,)


def look_at_data(texts: Sequence[str], beside: Path) -> SeenData:
    """Read files of data as a setting would.

    Args:
        texts: FILE, whose split is `train`, or SPLIT=FILE.
        beside: folder of the setting.

    Raises:
        BenchError: a file that cannot be read, or whose rows are no preferences; exit code 2 or 5.
    """
    files = _files(texts)
    layout, rows = _layout(files, beside)
    options = layout | _unread(rows)
    loaded, options = _held_out(options, rows, beside)
    train, test = _named(loaded, TRAIN), _named(loaded, TEST)
    assert train is not None and test is not None, "a test split is held out where the data have none"
    _require_preferences(loaded, (train, test))
    return SeenData(
        options=options,
        splits={name: len(examples) for name, examples in loaded.items()},
        train=train,
        test=test,
        validation=_named(loaded, VALIDATION),
        columns=tuple(dict.fromkeys(name for part in rows.values() for row in part for name in row)),
        ignored=tuple(options.get("ignore_columns", ())),
        without_conversation=tuple(dict.fromkeys(name for r in loaded.readings.values() for name in r.not_read)),
        notes=tuple(_notes(loaded)),
        candidates=tuple(sorted({len(e.candidates) for name in (train, test) for e in loaded[name]})),
        examples=loaded[train],
    )


def token_lengths(examples: Sequence[Example], tokenizer: Any, section: TokenizationSection, folder: Path) -> list[int]:
    """[n] tokens of the longest sequence of an example, prompt and response together, ascending.

    Args:
        examples: of which at most `MOST_MEASURED` are looked at, evenly.
        tokenizer: of the model.
        section: says how texts are written; its `max_length` is not read.
        folder: of the setting.

    Raises:
        BenchError: a template that refuses an example.
    """
    step = max(1, math.ceil(len(examples) / MOST_MEASURED))
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=section.append_eos)
    render = renderer(section, tokenizer, folder=folder)
    encoded = encode_examples(examples[::step], encoder, render)
    return sorted(max(len(prompt) + len(response) for prompt, response in each.rows) for each in encoded)


def _files(texts: Sequence[str]) -> dict[str, Path]:
    """Split -> file."""
    files: dict[str, Path] = {}
    for text in texts:
        split, sign, rest = text.partition("=")
        named = bool(sign) and not Path(text).expanduser().exists()
        name, path = (split, rest) if named else (TRAIN[0], text)
        if name in files:
            raise BenchError(f"--data {text}: split '{name}' has a file already; name each split, as in test=FILE")
        files[name] = Path(path).expanduser()
    if TRAIN[0] not in files:
        raise BenchError(f"--data: expected a file for split train, got {', '.join(files)}; add train=FILE")
    return files


def _layout(files: Mapping[str, Path], beside: Path) -> tuple[dict[str, Any], dict[str, Sequence[Row]]]:
    """(options that say where the splits are, the rows of each): a file for each split, or one file with all."""
    paths = {split: written_path(path, beside) for split, path in files.items()}
    rows: dict[str, Sequence[Row]] = {split: read_rows(path) for split, path in files.items()}
    names = [row.get(SPLIT_COLUMN) for row in rows[TRAIN[0]]]
    splits = [name for name in dict.fromkeys(names) if isinstance(name, str) and name]
    whole = all(isinstance(name, str) and name for name in names) and 1 < len(splits) <= MOST_SPLITS
    if len(files) > 1 or not whole or not any(name.startswith(TRAIN) for name in splits):
        return {"files": paths}, rows
    parts = {split: [row for row in rows[TRAIN[0]] if row[SPLIT_COLUMN] == split] for split in splits}
    without = {s: [{k: v for k, v in row.items() if k != SPLIT_COLUMN} for row in part] for s, part in parts.items()}
    return {"path": paths[TRAIN[0]], "split_column": SPLIT_COLUMN}, dict(without)


def _unread(rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """The options by which columns that nothing reads, and rows with tools, are left out."""
    names: dict[str, None] = {}
    has_tools = False
    for split, part in rows.items():
        try:
            normalise(part, split=split, where=split)
        except UnreadPartsError as error:
            names |= dict.fromkeys(error.names)
            has_tools = has_tools or error.has_tools
        except BenchError:
            continue  # loading says it, with the file's name
    options: dict[str, Any] = {"ignore_columns": list(names)} if names else {}
    return options | ({"on_tool_calls": "drop"} if has_tools else {})


def _held_out(
    options: Mapping[str, Any], rows: Mapping[str, Sequence[Row]], folder: Path
) -> tuple[LoadedSplits, dict[str, Any]]:
    """The loaded data with what they lack of a validation and a test split carved out of training.

    Raises:
        BenchError: data that cannot be read, or too few prompts to hold any out.
    """
    train = _named(rows, TRAIN) or TRAIN[0]
    lacking = [names[0] for names in (VALIDATION, TEST) if _named(rows, names) is None]
    if not lacking:
        return load(LocalFilesOptions(**options), folder), dict(options)
    load(LocalFilesOptions(**options), folder)  # says what is wrong with the rows before any are held out
    origin = {} if train == TRAIN[0] else {"holdout_from": train}
    last: BenchError | None = None
    for shares in HOLDOUTS:
        holdout = {name: share for name, share in shares.items() if name in lacking}
        wider = {**options, "holdout": holdout, **origin} if holdout else dict(options)
        try:
            return load(LocalFilesOptions(**wider), folder), wider
        except BenchError as error:
            last = error
    assert last is not None
    raise last


def _named(splits: Iterable[str], beginnings: tuple[str, ...]) -> str | None:
    """The first split whose name begins so."""
    return next((split for split in splits if split.startswith(beginnings)), None)


def _require_preferences(loaded: LoadedSplits, splits: Sequence[str]) -> None:
    """Return only if the examples are pairs, or candidates with ratings, of which pairs can be made.

    Raises:
        BenchError: what they are instead.
    """
    for split in splits:
        examples = loaded[split]
        counts = {len(example.candidates) for example in examples}
        if counts == {2} or (min(counts) > 1 and all(example.ratings is not None for example in examples)):
            continue
        what = "one response each" if counts == {1} else "several responses without ratings"
        raise BenchError(
            f"--data: expected preference pairs, or candidates with ratings, in split '{split}', found {what}; "
            "`bench init` without --data writes a setting whose `data` can be made to suit, as docs/data.md says"
        )


def _notes(loaded: LoadedSplits) -> Iterator[str]:
    """What reading left out or read under another name, in words, each once."""
    for split, reading in loaded.readings.items():
        yield from (f"{split}: {count} rows left out ({reason})" for reason, count in reading.dropped.items())
        yield from (f"{split}: {count} rows: {note}" for note, count in reading.notes.items() if note != MOVED)
