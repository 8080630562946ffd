"""A pipe, a device, a folder or a link to nothing in the place of a file of ours: damage, and nobody waits for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, bench

from benchbench.core.errors import BenchError
from benchbench.store.contents import UNREADABLE, entry_of
from benchbench.store.disk import disk_message
from benchbench.store.file_hashes import file_hash
from benchbench.store.files import NoFileError, json_or_none, read_bytes, read_json, read_text
from benchbench.store.generations import read_generations
from benchbench.store.lease_files import read_lease
from benchbench.store.parts import WrittenParts
from benchbench.store.prepared import read_lines
from benchbench.store.verdicts import read_verdicts

PUT: dict[str, Callable[[Path], Any]] = {
    "pipe": os.mkfifo,
    "folder": os.mkdir,
    "zeros": lambda path: path.symlink_to("/dev/zero"),
    "link": lambda path: path.symlink_to("nowhere"),
}


@pytest.fixture(params=list(PUT))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What is no file."""
    PUT[request.param](tmp_path / "x.json")
    return tmp_path / "x.json"


def test_every_reader_says_so_at_once(path: Path):
    for read in (read_json, read_text, read_bytes, file_hash):
        with pytest.raises((NoFileError, FileNotFoundError)) as refusal:
            read(path)
        assert isinstance(refusal.value, FileNotFoundError) or disk_message(refusal.value)
    assert json_or_none(path) is None
    with pytest.raises(BenchError, match="cannot be read"):
        read_lines(path, "0" * 64, what="lines")


def test_its_entry_is_that_of_a_file_that_cannot_be_read(path: Path):
    assert path.is_symlink() or str(entry_of(path)["sha256"]).startswith(UNREADABLE)


@pytest.mark.parametrize("kind", ["pipe", "zeros"])
def test_rows_of_a_stage_are_damaged(tmp_path: Path, kind: str):
    for name, read in (("generations.jsonl", read_generations), ("verdicts.jsonl", read_verdicts)):
        PUT[kind](tmp_path / name)
        with pytest.raises(BenchError, match="found a missing or damaged file"):
            read(tmp_path)


@pytest.mark.filterwarnings("ignore:.*expected the part of the stage as it was written")
def test_a_part_is_made_again(tmp_path: Path):
    parts = WrittenParts(tmp_path, {})
    parts.write(0, [1])
    (tmp_path / "parts" / "part-00000.jsonl").unlink()
    os.mkfifo(tmp_path / "parts" / "part-00000.jsonl")
    assert parts.read(0) is None
    parts.write(0, [1])
    assert parts.read(0) == [1]


def test_a_lease_that_is_a_pipe_is_nobodys(tmp_path: Path):
    os.mkfifo(tmp_path / "lease")
    holder = read_lease(tmp_path / "lease")
    assert holder is not None and holder.owner is None


def test_prepared_data_whose_index_is_a_pipe_is_set_aside_and_made_again(away: Path):
    line = ("train", "dpo", "--setting", MICRO, "--seeds", 1, "--runs", away / "runs", "--dry-run")
    assert bench(*line).code == 0
    (index,) = (away / "runs" / "data").glob("*/prepared.json")
    content = index.read_bytes()
    index.unlink()
    os.mkfifo(index)
    ended = bench(*line)
    assert ended.code == 0 and f"{index.parent}" in ended.err and "made again" in ended.err
    assert index.read_bytes() == content
    (record,) = (away / "runs" / "tokenizer").glob("*/tokenizer_hash.json")
    shutil.rmtree(index.parent)
    record.unlink()
    os.mkfifo(record)
    ended = bench(*line)
    assert ended.code == 0 and "made again" in ended.err and record.is_file()
