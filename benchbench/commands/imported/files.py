"""Files and folders of other tools' results -> the runs in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.core.imported import Import, ImportedRun, ResultsFile
from benchbench.data.documents import read_document

ENDINGS = (".json", ".jsonl", ".csv", ".parquet", ".json.gz", ".jsonl.gz", ".csv.gz")
"""Of the files of a folder that are looked at."""
MOST_NAMED = 3
"""Files or models that a message names; it counts the others."""
BESIDE = {"results", "versions", "configs"}
"""Entries of the results file of lm-evaluation-harness, which is read together with the logs beside it."""
NOT_YET = (
    (
        BESIDE,
        "has means alone; give its samples_*.jsonl, which --log_samples writes",
    ),
    (
        {"instruction", "output", "generator"},
        "holds outputs that alpaca_eval has not judged; give annotations.json",
    ),
    ({"ans_id", "messages"}, "holds answers that arena-hard-auto has not judged; give its model_judgment file"),
)
"""Entries of a file that belongs to a known tool and has no results per item -> what to give instead."""


@dataclass(frozen=True)
class ReadRun:
    """A run with the word of the command line that it came from."""

    name: str
    """What the command line calls it; empty where it says nothing."""
    run: ImportedRun


@dataclass(frozen=True)
class ReadFiles:
    """Everything in the files that were named."""

    runs: tuple[ReadRun, ...]
    notes: tuple[str, ...]
    """What was left alone."""


def read_files(words: Sequence[str]) -> ReadFiles:
    """The runs of files and folders, in the order of the words.

    Args:
        words: `PATH` or `NAME=PATH`; a folder stands for all results files below it.

    Raises:
        BenchError: a file that no import recognises, a folder without results, one name for several models.
    """
    runs: list[ReadRun] = []
    ignored: list[str] = []
    for word in words:
        name, path = _split(word)
        of_word: list[ImportedRun] = []
        for file in _files(path):
            document = read_document(file)
            reader = _reader(document)
            if reader is not None:
                of_word += reader.read(document)
            elif path.is_dir():
                ignored += [] if set(document.first) >= BESIDE else [str(file.relative_to(path))]
            else:
                raise _unknown(document)
        if not of_word:
            raise BenchError(f"{path}: expected results of another tool below this folder, found none. {formats()}")
        if path.is_dir() and any(run.groups for run in of_word):
            ignored += dict.fromkeys(str(run.path.relative_to(path)) for run in of_word if not run.groups)
            of_word = [run for run in of_word if run.groups]
        models = list(dict.fromkeys(run.model for run in of_word))
        if name and len(models) > 1:
            raise BenchError(f"--from {word}: expected one model, found {_some(models)}; leave the name out")
        runs += [ReadRun(name, run) for run in of_word]
    count = f"{len(ignored)} file{'s' if len(ignored) > 1 else ''}"
    left_alone = f"left alone: {count} without results per item in a known format ({_some(ignored)})"
    return ReadFiles(tuple(runs), (left_alone,) if ignored else ())


def formats() -> str:
    """The formats that are known, as a sentence."""
    return "Known formats: " + "; ".join(imports.get(name).format for name in imports.names())


def _split(word: str) -> tuple[str, Path]:
    """(name or nothing, path); a path that is there and has an equals sign needs no name."""
    name, equals, path = word.partition("=")
    if not equals or Path(word).exists():
        return "", Path(word)
    if not name or not path:
        raise BenchError(f"--from {word}: expected FILE, FOLDER or NAME=FILE")
    return name, Path(path)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(ENDINGS))


def _reader(document: ResultsFile) -> Import | None:
    """The import of a file's format; none where no one knows it."""
    fitting = [reader for reader in map(imports.get, imports.names()) if reader.recognises(document)]
    if len(fitting) > 1:
        raise ValueError(f"{document.path}: several imports recognise it: {', '.join(r.name for r in fitting)}")
    return fitting[0] if fitting else None


def _unknown(document: ResultsFile) -> BenchError:
    for keys, advice in NOT_YET:
        if keys <= set(document.first):
            return BenchError(f"{document.path}: {advice}")
    entries = ", ".join(list(document.first)[:8]) or "nothing"
    return BenchError(f"{document.path}: expected results of another tool, found entries {entries}. {formats()}")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
