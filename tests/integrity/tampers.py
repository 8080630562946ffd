"""What somebody, or a disk, may do to the files of a comparison, and the name of what has to be said of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

Tamper = Callable[[Path], object]


def one(folder: Path, pattern: str) -> Path:
    """The first file or folder of a pattern; a file that is shared with another copy is made this copy's own."""
    path = sorted(folder.glob(pattern))[0]
    if path.is_file() and path.stat().st_nlink > 1:
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    return path


def bit(pattern: str, place: float = 0.6) -> Tamper:
    """Turn one bit of a file."""

    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        content = bytearray(path.read_bytes())
        content[int(len(content) * place)] ^= 1
        path.write_bytes(bytes(content))

    return tamper


def digit(pattern: str, old: str, new: str) -> Tamper:
    """Replace the first of a text in a file by another of its length."""

    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        text = path.read_text(encoding="utf-8")
        assert old in text, text[:200]
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return tamper


def lines(pattern: str, change: Callable[[list[str]], list[str]]) -> Tamper:
    """Change a file by whole lines."""

    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(change(rows)), encoding="utf-8")

    return tamper


def drop(rows: list[str]) -> list[str]:
    return rows[:-3]


def swap(rows: list[str]) -> list[str]:
    return [rows[1], rows[0], *rows[2:]]


def without(pattern: str) -> Tamper:
    return lambda folder: one(folder, pattern).unlink()


def ids_swapped(pattern: str) -> Tamper:
    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        content = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = content["model"]["vocab"]
        first, second = list(vocabulary)[-2:]
        vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
        path.write_text(json.dumps(content), encoding="utf-8")

    return tamper


def pairs_turned(folder: Path) -> None:
    """Chosen and rejected change places in one pair of the prepared data."""
    path = one(folder, "runs/data/*/train.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[0]["candidates"] = rows[0]["candidates"][::-1]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def empty(pattern: str) -> Tamper:
    return lambda folder: one(folder, pattern).write_bytes(b"")


def another_file(pattern: str) -> Tamper:
    """Adapters beside whole weights, which a library would load because they are there."""
    return lambda folder: (one(folder, pattern) / "adapter_config.json").write_text("{}")


TAMPERS: dict[str, tuple[Tamper, str]] = {
    "a bit of weights": (bit("runs/sft/*/model/model.safetensors"), "model.safetensors"),
    "a bit of a policy's weights": (bit("runs/preference/*/model/model.safetensors"), "model.safetensors"),
    "a digit of config.json": (digit("runs/sft/*/model/config.json", "1e-05", "2e-05"), "config.json"),
    "a bit of rows.parquet": (bit("runs/score/*/rows.parquet"), "rows.parquet"),
    "ids swapped beside weights": (ids_swapped("runs/sft/*/model/tokenizer.json"), "tokenizer.json"),
    "an adapter added": (another_file("runs/preference/*/model"), "adapter_config.json"),
    "train.jsonl lost": (without("runs/preference/*/train.jsonl"), "train.jsonl"),
    "train.jsonl edited": (digit("runs/preference/*/train.jsonl", "loss", "lass"), "train.jsonl"),
    "generations edited": (digit("runs/generate/*/generations.jsonl", '"tokens": ', '"tokens":1'), "generations.jsonl"),
    "generations shortened": (lines("runs/generate/*/generations.jsonl", drop), "generations.jsonl"),
    "engine.json empty": (empty("runs/generate/*/engine.json"), "engine.json"),
    "verdicts shortened": (lines("runs/judge/*/verdicts.jsonl", drop), "verdicts.jsonl"),
    "verdicts edited": (digit("runs/judge/*/verdicts.jsonl", '"outcome": ', '"outcome": 0'), "verdicts.jsonl"),
    "status.json empty": (empty("runs/score/*/status.json"), "status.json"),
    "a digit of status.json": (digit("runs/preference/*/status.json", '"tokens": ', '"tokens": 1'), "status.json"),
    "pairs turned": (pairs_turned, "train.jsonl"),
    "pairs swapped": (lines("runs/data/*/test.jsonl", swap), "test.jsonl"),
    "lines dropped": (lines("runs/data/*/test.jsonl", drop), "test.jsonl"),
    "prepared.json empty": (empty("runs/data/*/prepared.json"), "prepared.json"),
    "a digit of prepared.json": (digit("runs/data/*/prepared.json", '"examples": 4', '"examples": 5'), "prepared.json"),
    "ids swapped in the tokenizer": (ids_swapped("runs/tokenizer/*/tokenizer.json"), "tokenizer.json"),
    "tokenizer_hash.json empty": (empty("runs/tokenizer/*/tokenizer_hash.json"), "tokenizer_hash.json"),
    "a forged row": (lines("results/micro/measurements.csv", lambda rows: [*rows, rows[-1]]), "measurements.csv"),
    "a digit of cells.jsonl": (digit("results/micro/cells.jsonl", '"seed": 1', '"seed": 2'), "cells.jsonl"),
    "a cell dropped": (lines("results/micro/cells.jsonl", lambda rows: rows[1:]), "cells.jsonl"),
    "a table lost": (without("results/micro/win_rates.csv"), "win_rates.csv"),
    "hashes of tables empty": (empty("results/micro/.hashes.json"), ".hashes.json"),
    "cells.jsonl cut": (digit("results/micro/cells.jsonl", '{"cell"', '{"cell'), "cells.jsonl"),
}
"""What is done -> how, and the name that has to be said."""


def cut(pattern: str) -> Tamper:
    """Leave the first half of a file, as a full disk or a broken copy does."""

    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        os.truncate(path, path.stat().st_size // 2)

    return tamper


def longer(pattern: str) -> Tamper:
    """Add a byte that most readers pass over."""
    return lambda folder: (path := one(folder, pattern)).write_bytes(path.read_bytes() + b"\n")


def older(pattern: str) -> Tamper:
    """Another content of the same size and time, as a copy that keeps times leaves."""

    def tamper(folder: Path) -> None:
        path = one(folder, pattern)
        times = path.stat()
        content = path.read_bytes()
        path.write_bytes(content[1:] + content[:1])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return tamper


CHANGES = {"a bit": bit, "cut": cut, "empty": empty, "lost": without, "longer": longer, "older": older}
"""What can be done to any file -> how."""
STAGE = ("lock.yaml", "env.json", "status.json")
MODEL = ("model/model.safetensors", "model/config.json", "model/tokenizer.json", "model/tokenizer_config.json")
FILES = [
    *(f"runs/sft/*/{name}" for name in (*STAGE, *MODEL, "train.jsonl")),
    *(f"runs/preference/*/{name}" for name in (*STAGE, *MODEL, "train.jsonl")),
    *(f"runs/score/*/{name}" for name in (*STAGE, "rows.parquet")),
    *(f"runs/generate/*/{name}" for name in (*STAGE, "generations.jsonl", "engine.json")),
    *(f"runs/judge/*/{name}" for name in (*STAGE, "verdicts.jsonl")),
    *(f"runs/data/*/{name}" for name in ("sft.jsonl", "train.jsonl", "test.jsonl", "prepared.json")),
    *(f"runs/tokenizer/*/{name}" for name in ("tokenizer.json", "tokenizer_hash.json")),
    "runs/verdicts/*.sqlite",
    *(f"results/micro/{name}" for name in ("measurements.csv", "win_rates.csv", "responses.csv", "cells.jsonl")),
    *(f"results/micro/comparisons/*/{name}" for name in ("comparison.json", "comparisons.csv")),
]
"""Every kind of file that something rests on."""
CHANGES_NOTHING = {
    "lost": ("status.json", ".sqlite", "comparison.json"),
    "empty": (".sqlite",),
    "longer": ("status.json", ".sqlite", "comparison.json"),
}
"""Change -> files that it is not made to: without them a stage is not finished, or a judge or comparison not there,
and is made again; an empty database is one without answers; a line's end more is the same record."""


def _every_file() -> dict[str, tuple[Tamper, str]]:
    """Each file with one change, and with another, in turns, so that every change meets every kind of artefact."""
    cases = {}
    for number, pattern in enumerate(FILES):
        for step in (0, 1):
            change = [*CHANGES][(2 * number + step + number // 3) % len(CHANGES)]
            if pattern.endswith(CHANGES_NOTHING.get(change, ())):
                change = "cut"
            cases[f"{pattern}: {change}"] = (CHANGES[change](pattern), Path(pattern).name.lstrip("*"))
    return cases


EVERY_FILE = _every_file()
"""What is done -> how, and the name that has to be said."""
