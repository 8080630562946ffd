"""What is written is on the disk before it has its name, and what killed processes left behind goes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import tree

from benchbench.store import files
from benchbench.store.drafts import (
    FORGOTTEN_SECONDS,
    draft_prefix,
    old_prefix,
    put_back_replaced,
    remove_drafts,
    remove_stale_drafts,
    stale_drafts,
)
from benchbench.store.files import folders, sync_tree, whole_folder, write_bytes, write_json, write_text, written
from benchbench.store.processes import machine
from tests.house.parsed import package_trees

Events = list[tuple[str, str]]


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Events:
    """Every wait for the disk and every rename, in order, with the name of the file or folder."""
    seen: Events = []

    def fsync(handle: int) -> None:
        seen.append(("sync", Path(os.readlink(f"/proc/self/fd/{handle}")).name))

    def renaming(original):
        def rename(self: Path, target: Path) -> Path:
            seen.append(("rename", Path(target).name))
            return original(self, target)

        return rename

    monkeypatch.setattr(files.os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renaming(Path.replace))
    monkeypatch.setattr(Path, "rename", renaming(Path.rename))
    return seen


@pytest.mark.parametrize(
    "write",
    [lambda path: write_text(path, "1"), lambda path: write_json(path, 1), lambda path: write_bytes(path, b"1")],
)
def test_a_file_is_on_the_disk_before_its_name_and_the_name_after(tmp_path: Path, events: Events, write):
    write(tmp_path / "file")
    (draft, *rest) = events
    assert draft[0] == "sync" and draft[1].startswith(".file.")
    assert rest == [("rename", "file"), ("sync", tmp_path.name)]


def test_a_folder_is_on_the_disk_with_all_that_is_in_it_before_its_name(tmp_path: Path, events: Events):
    with whole_folder(tmp_path / "place") as draft:
        (draft / "inner").mkdir()
        (draft / "inner" / "one").write_text("1")
        (draft / "two").write_text("2")
    names = [name if not name.startswith(".place.") else "draft" for _, name in events]
    assert names == ["inner", "one", "two", "draft", "place", tmp_path.name]
    assert [what for what, _ in events] == ["sync"] * 4 + ["rename", "sync"]


def test_what_is_only_a_copy_is_not_waited_for(tmp_path: Path, events: Events):
    write_json(tmp_path / "file", 1, durable=False)
    assert events == [("rename", "file")]


def test_a_file_system_that_syncs_no_folders_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fsync(handle: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(files.os, "fsync", fsync)
    write_text(tmp_path / "file", "1")
    sync_tree(tmp_path)
    assert (tmp_path / "file").read_text() == "1"


def test_a_disk_that_fails_while_it_is_waited_for_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_text(tmp_path / "file", "old")

    def fsync(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files.os, "fsync", fsync)
    with pytest.raises(OSError, match="Input"):
        write_text(tmp_path / "file", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


# --- what killed processes leave ------------------------------------------------------------------------------------


def left_by_a_killed_process(folder: Path) -> list[Path]:
    """A process dies while it writes a file and a folder."""
    code = (
        "import os, signal, sys; from pathlib import Path; from benchbench.store.files import whole_folder, written\n"
        "folder = Path(sys.argv[1])\n"
        "with written(folder / 'file') as draft, whole_folder(folder / 'place') as inner:\n"
        "    draft.write_text('half'); (inner / 'one').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    drafts = sorted(folder.iterdir())
    assert [path.is_dir() for path in drafts] == [False, True]
    return drafts


def test_drafts_of_killed_processes_are_removed_and_no_others(tmp_path: Path):
    drafts = left_by_a_killed_process(tmp_path)
    (tmp_path / ".hidden").write_text("mine")
    with written(tmp_path / "now") as mine:
        mine.write_text("1")
        assert remove_stale_drafts(tmp_path) == drafts
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "now"]


def test_drafts_of_another_machine_are_removed_when_they_are_old(tmp_path: Path):
    draft = tmp_path / ".file.00000000-1.abcdefgh"
    draft.write_text("half")
    assert remove_stale_drafts(tmp_path) == []
    old = time.time() - FORGOTTEN_SECONDS - 60
    os.utime(draft, (old, old))
    assert remove_stale_drafts(tmp_path) == [draft]


def test_a_folder_that_only_this_process_writes_to_is_rid_of_all_drafts(tmp_path: Path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / f"{draft_prefix(tmp_path / 'file')}abcdefgh").write_text("half")
    (tmp_path / "file").write_text("1")
    remove_drafts(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["file", "inner"]


KILLED_BETWEEN_TWO_RENAMES = """
import os, signal, sys
from pathlib import Path
from benchbench.store.files import whole_folder

rename = Path.rename

def killing(self, target):
    if (self / "new").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)

Path.rename = killing
with whole_folder(Path(sys.argv[1])) as draft:
    (draft / "new").write_text("new")
"""


@pytest.mark.parametrize("look", [remove_stale_drafts, put_back_replaced])
def test_a_folder_that_was_being_replaced_by_a_killed_process_is_put_back(tmp_path: Path, look):
    place = tmp_path / "place"
    with whole_folder(place) as draft:
        (draft / "old").write_text("old")
    subprocess.run([sys.executable, "-c", KILLED_BETWEEN_TWO_RENAMES, str(place)], check=False)
    assert not place.exists() and folders(tmp_path) == []
    look(tmp_path)
    assert (place / "old").read_text() == "old"
    remove_stale_drafts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_what_was_replaced_goes_where_the_new_one_is_in_its_place(tmp_path: Path):
    (tmp_path / "place").mkdir()
    holder = tmp_path / ".place.old.00000000-1-abcdefgh"
    (holder / "place").mkdir(parents=True)
    put_back_replaced(tmp_path)
    assert holder.exists(), "perhaps another machine is at work"
    old = time.time() - FORGOTTEN_SECONDS - 60
    os.utime(holder, (old, old))
    put_back_replaced(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_looking_for_drafts_changes_nothing(tmp_path: Path):
    holder = old_holder(tmp_path)
    before = tree(tmp_path)
    assert stale_drafts(tmp_path) == [] and tree(tmp_path) == before and holder.is_dir()


def test_two_commands_put_the_same_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The other one is faster by a moment: between our look and our rename."""
    holder, rename = old_holder(tmp_path), Path.rename

    def late(self: Path, target: Path) -> Path:
        monkeypatch.undo()
        put_back_replaced(tmp_path)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    put_back_replaced(tmp_path)
    assert (tmp_path / "place" / "file").read_text() == "old" and not holder.exists()


def test_what_cannot_be_put_back_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    holder = old_holder(tmp_path)

    def failing(self: Path, target: Path) -> Path:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "rename", failing)
    put_back_replaced(tmp_path)
    assert (holder / "place" / "file").read_text() == "old"


def old_holder(folder: Path) -> Path:
    """What a process that is gone was replacing, whose place is empty."""
    holder = folder / f"{old_prefix(folder / 'place').rpartition('.')[0]}.{machine()}-{2**22 + 5}-abcdefgh"
    (holder / "place").mkdir(parents=True)
    (holder / "place" / "file").write_text("old")
    return holder


# --- one way to write -----------------------------------------------------------------------------------------------

WRITES = {
    "store/files.py": "the one way",
    "training/log.py": "appends lines while a training runs; a checkpoint waits for them",
    "data/tokenizer.py": "a scratch folder that is gone at the end of the call",
    "stages/memory.py": "asks the kernel to forget a peak",
    "generation/vllm_child.py": "the log of a process",
    "store/shared_folder.py": "asks a file system what it can do, in a scratch folder",
    "store/lease_files.py": "a file that can be made once says who may change a lease",
}
"""Module -> why it writes to a file by itself. All else goes through `written`, or fills a `whole_folder`."""


def writes(tree: ast.Module) -> Iterator[str]:
    """What opens a file for writing by its final name: `write_text` and `write_bytes` of a path, `open` with a mode."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver, modes = ast.unparse(node.func.value), [a.value for a in node.args if isinstance(a, ast.Constant)]
            writing = node.func.attr == "open" and any(set(str(mode)) & set("wax") for mode in modes)
            if (node.func.attr in ("write_text", "write_bytes") or writing) and receiver != "draft":
                yield ast.unparse(node)


def test_everything_is_written_in_one_way():
    alone = {path: list(writes(tree)) for path, tree in package_trees().items()}
    assert {path: calls for path, calls in alone.items() if calls and path not in WRITES} == {}
    assert {path for path in WRITES if not alone[path] and path != "store/files.py"} == set()
