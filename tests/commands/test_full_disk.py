"""A disk that takes nothing, where a command writes its results: exit code 5, one message, nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, Ended, Finished, bench, tree

LINE = ("compare", *Finished.METHODS, "--setting", MICRO, "--seeds", *Finished.SEEDS)
AGAIN = "run the command again, which goes on from what is finished"


@pytest.fixture(scope="module")
def home(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished comparison that shares its files."""
    home = tmp_path_factory.mktemp("full") / "home"
    shutil.copytree(finished.runs.parent, home, copy_function=os.link, symlinks=True)
    rows = [json.loads(line) for line in next((home / "runs" / "data").glob("*/test.jsonl")).open(encoding="utf-8")]
    named = "".join(json.dumps({"id": row["id"], "subset": "all"}) + "\n" for row in rows)
    (home / "subsets.jsonl").write_text(named, encoding="utf-8")
    return home


def export(form: str, *more: object) -> Callable[[Path, Path], list[object]]:
    line = ["export", form, "dpo", "--setting", MICRO, *more]
    return lambda home, out: [*line, "--runs", home / "runs", "--out", out]


COMMANDS: dict[str, Callable[[Path, Path], list[object]]] = {
    "compare": lambda home, out: [*LINE, "--runs", home / "runs", "--results", out],
    "report": lambda home, out: ["report", "--runs", home / "runs", "--results", home / "results", "--out", out],
    "reward_bench": lambda home, out: [*export("reward_bench", "--subsets", home / "subsets.jsonl")(home, out)],
    "model": export("model", "--seed", 1),
    "states": export("states", "--seed", 1),
}


class Disk:
    """Refuses what is written below a folder, from the nth draft on."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, number: int, *, after: int = 0) -> None:
        self.folder, self.number, self.left = folder, number, after
        for name in ("mkstemp", "mkdtemp"):
            patch.setattr(tempfile, name, self._refusing(getattr(tempfile, name)))

    def _refusing(self, make: Callable[..., object]) -> Callable[..., object]:
        def made(*args: object, **options: object) -> object:
            place = options.get("dir")
            if isinstance(place, Path) and place.is_relative_to(self.folder):
                self.left -= 1
                if self.left < 0:
                    raise OSError(self.number, os.strerror(self.number), str(place / str(options.get("prefix"))))
            return make(*args, **options)

        return made


def files_in(folder: Path) -> list[str]:
    return [*tree(folder)] if folder.exists() else []


def refused(ended: Ended, place: Path, why: str) -> None:
    assert ended.code == 5 and "Traceback" not in ended.err, ended.err
    assert f"{place}" in ended.err and why in ended.err and AGAIN in ended.err, ended.err


READ_ONLY = "the file system is read-only; name a folder that can be written with --runs, --results or --out"
CASES = [
    ("compare", errno.EROFS, READ_ONLY),
    ("report", errno.EACCES, "this user has no permission"),
    ("reward_bench", errno.EROFS, READ_ONLY),
    ("reward_bench", errno.ENOSPC, "the disk is full"),
    ("model", errno.EACCES, "this user has no permission"),
    ("states", errno.ENOSPC, "the disk is full"),
]


@pytest.mark.parametrize(("command", "number", "why"), CASES)
def test_a_folder_that_takes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, number: int, why: str
):
    out = tmp_path / "out"
    Disk(monkeypatch, tmp_path, number)
    refused(bench(*COMMANDS[command](home, out)), tmp_path, why)
    assert files_in(out) == []


def test_an_export_of_several_files_has_all_or_none(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        Disk(patch, tmp_path, errno.ENOSPC, after=1)
        refused(bench(*COMMANDS["reward_bench"](home, out)), tmp_path, "the disk is full")
    assert files_in(out) == []
    assert bench(*COMMANDS["reward_bench"](home, out)).code == 0 and len(files_in(out)) == 3


def test_a_page_and_its_figures_are_all_there_or_none(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "out"
    Disk(monkeypatch, tmp_path, errno.ENOSPC, after=3)
    refused(bench(*COMMANDS["report"](home, out)), tmp_path, "the disk is full")
    assert files_in(out) == []


def test_a_disk_that_is_full_in_the_middle_of_a_model_leaves_no_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out, copy = tmp_path / "out", shutil.copyfile

    def full(source: str, target: str, **options: bool) -> str:
        if str(target).endswith("model.safetensors"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source), None, str(target))
        return copy(source, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        refused(bench(*COMMANDS["model"](home, out)), tmp_path, "the disk is full")
    assert not out.exists() and [*tmp_path.iterdir()] == []
    assert bench(*COMMANDS["model"](home, out)).code == 0 and (out / "model.safetensors").is_file()
