"""Entries of tokens: read as they were written, or made again in words; made once, whoever asks."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store import tokens
from benchbench.store.tokens import INDEX, ROWS, TOKENS, TokenEntry, entry_folder, kept_tokens, token_fault

MADE_OF = {"data": "a", "keep_all": True}
ENTRY = TokenEntry(
    np.arange(1000, dtype=np.uint16), {"ends": np.array([400, 1000]), "none": np.zeros(0)}, {"b": [1, None], "a": 0.1}
)


class Maker:
    """Makes the entry, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0
        self.said: list[str] = []

    def make(self) -> TokenEntry:
        self.calls += 1
        return ENTRY

    def read(self, root: Path) -> TokenEntry:
        return kept_tokens(root, MADE_OF, self.make, say=self.said.append)


def same(one: TokenEntry, other: TokenEntry) -> bool:
    arrays = [{"tokens": entry.tokens, **entry.rows} for entry in (one, other)]
    kept = all(
        array.dtype == arrays[1][name].dtype and np.array_equal(array, arrays[1][name])
        for name, array in arrays[0].items()
    )
    return kept and arrays[0].keys() == arrays[1].keys() and list(one.facts.items()) == list(other.facts.items())


def test_an_entry_is_made_once_and_read_as_it_was_written(tmp_path: Path):
    maker = Maker()
    assert same(maker.read(tmp_path), ENTRY) and same(maker.read(tmp_path), ENTRY)
    assert (maker.calls, maker.said) == (1, [])
    folder = entry_folder(tmp_path, MADE_OF)
    assert folder.parent == tmp_path / "tokens"
    assert sorted(path.name for path in folder.iterdir()) == sorted([INDEX, TOKENS, ROWS])


def test_the_ids_are_a_view_of_the_file_that_nobody_can_write_to(tmp_path: Path):
    read = Maker().read(tmp_path)
    assert type(read.tokens) is np.ndarray and not read.tokens.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        read.tokens[0] = 1


def test_an_entry_without_tokens_is_an_entry(tmp_path: Path):
    nothing = TokenEntry(np.zeros(0, np.uint16), {"ends": np.zeros(0, np.int64)}, {})
    for _ in range(2):
        assert same(kept_tokens(tmp_path, MADE_OF, lambda: nothing, say=pytest.fail), nothing)


def cut_short(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-5])

    return edit


def flip(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return edit


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def index_with(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        index = json.loads((folder / INDEX).read_text())
        (folder / INDEX).write_text(json.dumps({**index, **changes}))

    return edit


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "tokens cut short": (cut_short(TOKENS), "tokens.npy with other content"),
    "rows cut short": (cut_short(ROWS), "rows.npz with other content"),
    "index cut short": (cut_short(INDEX), "a file that is cut short or damaged"),
    "a bit of the tokens": (flip(TOKENS), "tokens.npy with other content"),
    "a bit of the rows": (flip(ROWS), "rows.npz with other content"),
    "tokens gone": (remove(TOKENS), "a file that cannot be read (No such file or directory)"),
    "index gone": (remove(INDEX), "a file that cannot be read (No such file or directory)"),
    "all gone": (empty, "a file that cannot be read (No such file or directory)"),
    "an older form": (index_with(format=0), "an entry of format 0 and not 1"),
    "a number of the report": (index_with(facts={"b": [2, None], "a": 0.1}), "index.json with other content"),
    "facts in another order": (index_with(facts={"a": 0.1, "b": [1, None]}), "index.json with other content"),
    "no index": (lambda folder: (folder / INDEX).write_text("[]") and None, "index.json with other content"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_entry_is_made_again_and_says_so_in_a_line(tmp_path: Path, what: str):
    damage, words = DAMAGE[what]
    maker, folder = Maker(), entry_folder(tmp_path, MADE_OF)
    maker.read(tmp_path)
    damage(folder)
    assert same(maker.read(tmp_path), ENTRY) and same(maker.read(tmp_path), ENTRY)
    assert maker.calls == 2
    assert maker.said == [f"{folder}: expected the tokens as they were written, found {words}; they are made again"]


def test_verifying_an_entry_reads_its_files_whatever_hash_is_kept_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    maker, folder = Maker(), entry_folder(tmp_path, MADE_OF)
    maker.read(tmp_path)
    monkeypatch.setattr(tokens, "kept_hash", lambda path, root: pytest.fail("a kept hash was asked for"))
    assert token_fault(folder) == ""
    flip(TOKENS)(folder)
    assert token_fault(folder) == "tokens.npy with other content"
    flip(TOKENS)(folder)
    place = folder.rename(folder.with_name("0" * 16))
    assert token_fault(place) == "the entry of something else"


def test_the_entry_of_something_else_is_not_believed(tmp_path: Path):
    maker = Maker()
    maker.read(tmp_path)
    other = {**MADE_OF, "data": "b"}
    entry_folder(tmp_path, MADE_OF).rename(entry_folder(tmp_path, other))
    kept_tokens(tmp_path, other, maker.make, say=maker.said.append)
    assert maker.calls == 2 and "found the entry of something else" in maker.said[0]


def test_an_entry_that_is_made_again_leaves_readers_of_the_old_one_alone(tmp_path: Path):
    maker, folder = Maker(), entry_folder(tmp_path, MADE_OF)
    reader = maker.read(tmp_path)
    index_with(format=0)(folder)
    maker.read(tmp_path)
    assert same(reader, ENTRY)


def test_what_cannot_be_made_is_not_there(tmp_path: Path):
    def fail() -> TokenEntry:
        raise BenchError("example 3: too long")

    with pytest.raises(BenchError, match="too long"):
        kept_tokens(tmp_path, MADE_OF, fail, say=pytest.fail)
    assert list(tmp_path.glob("tokens/*")) == []
    maker = Maker()
    assert same(maker.read(tmp_path), ENTRY) and maker.said == []


def test_what_cannot_be_read_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokens, "file_hash", lambda path: "0" * 64)
    with pytest.raises(BenchError, match="found tokens.npy with other content; look whether the disk") as caught:
        Maker().read(tmp_path)
    assert caught.value.exit_code is ExitCode.FAILED


def _die_while_writing(root: Path) -> None:
    tokens.np.savez = lambda *args, **more: os._exit(9)  # type: ignore[assignment]
    Maker().read(root)


def _make_slowly(root: Path, number: int) -> None:
    def make() -> TokenEntry:
        (root / f"made-by-{number}").touch()
        time.sleep(1)
        return ENTRY

    (root / f"ready-{number}").touch()
    while not (root / f"ready-{1 - number}").exists():
        time.sleep(0.01)
    assert same(kept_tokens(root, MADE_OF, make, say=pytest.fail), ENTRY)
    (root / f"read-by-{number}").touch()


SPAWN = multiprocessing.get_context("spawn")


def test_the_draft_of_a_killed_process_is_no_entry(tmp_path: Path):
    killed = SPAWN.Process(target=_die_while_writing, args=(tmp_path,))
    killed.start()
    killed.join(120)
    assert killed.exitcode == 9
    drafts = list((tmp_path / "tokens").iterdir())
    assert [path.name for path in drafts[0].iterdir()] == [TOKENS] and len(drafts) == 1
    maker = Maker()
    assert same(maker.read(tmp_path), ENTRY)
    assert maker.calls == 1 and "found the draft of a process that was killed" in maker.said[0]
    assert list((tmp_path / "tokens").iterdir()) == [entry_folder(tmp_path, MADE_OF)]


def test_of_two_processes_at_once_one_makes_and_both_read(tmp_path: Path):
    both = [SPAWN.Process(target=_make_slowly, args=(tmp_path, number)) for number in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join(240)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(list(tmp_path.glob("made-by-*"))) == 1 and len(list(tmp_path.glob("read-by-*"))) == 2
