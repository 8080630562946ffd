"""Files that lie in the hub's cache already: verified at the first use of a revision, recorded, and again if asked."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest
from sources.fake_hub import hub_hash

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.repository import Repository
from benchbench.data import hub_verified
from benchbench.data.hub_cache import AGAIN, read_cached
from benchbench.data.hub_verified import CachedRevision, require_verified, verified_again
from benchbench.store.damage import listening
from benchbench.store.file_hashes import file_state, kept_hash
from benchbench.store.hub_records import read_verified, write_verified

COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"
MODEL = Repository("model", "org/name", COMMIT)
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "README.md": b"# A card", "deep/more.json": b"[]"}
READ = CachedRevision(MODEL, ("*.json", "*.safetensors"))


class Place:
    """A cache with one model, a `runs/` folder, and which files were read."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "runs"
        self.repository = folder / "hub" / "models--org--name"
        self.snapshot = self.repository / "snapshots" / COMMIT
        self.read: list[str] = []
        for name, content in FILES.items():
            blob = self.repository / "blobs" / hub_hash(name, content)
            for path in (blob, self.snapshot / name):
                path.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(content)
            (self.snapshot / name).symlink_to(os.path.relpath(blob, (self.snapshot / name).parent))

    def verify(self, revision: CachedRevision = READ, **how: bool) -> list[str]:
        """The files that this read, by name."""
        self.read.clear()
        require_verified([revision], self.root, **how)
        return sorted(self.read)

    def refused(self, **how: bool) -> str:
        with pytest.raises(BenchError) as caught:
            self.verify(**how)
        assert caught.value.exit_code == ExitCode.UNAVAILABLE
        return str(caught.value)

    def damage(self, name: str) -> Path:
        """Turn one bit of a file; its size and time stay as they were."""
        path = (self.snapshot / name).resolve()
        stat, content = path.stat(), path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return path

    def rot(self, name: str) -> Path:
        """Turn one bit as a failing disk does: the file system does not know, so the record says what it sees."""
        path, before = self.damage(name), read_verified(self.root, MODEL, self.snapshot)
        state = {**before.files[name], **file_state(path)}
        write_verified(self.root, replace(before, files={**before.files, name: state}))
        return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Nothing in it has been written to for a minute."""
    made, now = Place(tmp_path), time.time()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("benchbench.store.file_hashes.time.time", lambda: now + 60)

    def noted(path: Path) -> object:
        made.read.append(path.name)
        return read_cached(path)

    monkeypatch.setattr(hub_verified, "read_cached", noted)
    return made


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is said while a test runs."""
    said: list[str] = []
    with listening(said.append):
        yield said


def test_a_revision_is_read_at_its_first_use_and_then_not_again(
    place: Place, lines: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("benchbench.store.file_hashes.SMALL_BYTES", 0)  # what is small is read each time
    assert place.verify() == ["config.json", "model.safetensors"]
    assert place.verify() == []
    assert place.verify(CachedRevision(MODEL)) == ["README.md", "more.json"], "what nobody had read"
    assert place.verify(CachedRevision(MODEL)) == [] and lines == []
    weights = place.snapshot / "model.safetensors"
    assert kept_hash(weights, place.root, read=lambda _: pytest.fail("read")) == weights.readlink().name


def test_a_file_whose_time_changed_is_read_again(place: Place):
    place.verify()
    os.utime((place.snapshot / "config.json").resolve(), ns=(0, 1))
    assert place.verify() == ["config.json"] and place.verify() == []


def test_every_damaged_file_is_named_with_both_hashes_and_nothing_is_recorded(place: Place):
    damaged = [place.damage(name) for name in ("config.json", "model.safetensors")]
    message = place.refused()
    assert "damaged files in the hub's cache: 2 problems" in message and "README" not in message
    for path, kind in zip(damaged, ("git", "sha256"), strict=True):
        present = path.read_bytes()
        wrong = hub_hash("x.safetensors" if kind == "sha256" else "x", present)
        assert f"expected {kind} {path.name}, found {wrong} ({len(present)} bytes)" in message
        assert f"delete {path} and run `bench fetch RECIPE` again" in message
    assert not place.root.exists()


def test_one_damaged_file_is_one_line_with_what_brings_it_again(place: Place):
    path = place.damage("config.json")
    with pytest.raises(BenchError) as caught:
        place.verify(replace(READ, mend=AGAIN))
    assert str(caught.value).startswith(f"model org/name at revision {COMMIT}, config.json: expected git ")
    assert str(caught.value).endswith(f"delete {path} and give the command again, online")
    path.unlink()
    assert place.verify() == ["model.safetensors"], "what was deleted is not there, and whoever needs it asks the hub"


def test_damage_after_the_first_use_is_noticed_though_size_and_time_are_the_same(place: Place):
    place.verify()
    place.damage("model.safetensors")
    assert "model.safetensors: expected sha256" in place.refused()


def test_a_bit_that_the_file_system_did_not_see_is_found_on_request(place: Place, lines: list[str]):
    place.verify()
    path = place.rot("model.safetensors")
    assert place.verify() == []
    assert f"found {hashlib.sha256(path.read_bytes()).hexdigest()}" in place.refused(again=True)
    place.rot("model.safetensors")
    assert place.verify(again=True) == ["config.json", "model.safetensors"]
    assert lines == [f"model org/name at revision {COMMIT}: 2 files in the hub's cache are what the hub says they are"]


def test_files_that_are_no_links_are_read_as_they_are_and_that_is_said_once(place: Place, lines: list[str]):
    for name in ("config.json", "model.safetensors"):
        content = (place.snapshot / name).read_bytes()
        (place.snapshot / name).unlink()
        (place.snapshot / name).write_bytes(content)
    assert place.verify() == []
    (line,) = lines
    assert f"not verified: config.json, model.safetensors in {place.snapshot} are no links" in line
    (place.snapshot / "config.json").write_bytes(b"{ }")
    assert (
        place.verify() == []
        and place.verify(again=True) == []
        and lines[1:]
        == [f"model org/name at revision {COMMIT}: 0 files in the hub's cache are what the hub says they are"]
    )
    assert read_verified(place.root, MODEL, place.snapshot).files["config.json"] == {"blob": None}


def test_a_fresh_file_is_verified_and_not_recorded(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("benchbench.store.file_hashes.time.time", lambda: 0.0)
    for _ in range(2):
        assert place.verify() == ["config.json", "model.safetensors"]
    assert not place.root.exists()


@pytest.mark.parametrize("spoil", ["[", "{}", None])
def test_a_damaged_record_is_none(place: Place, spoil: str | None):
    place.verify()
    (record,) = (place.root / "hashes" / "hub").iterdir()
    assert record.name == f"model--org--name--{COMMIT}.json"
    text = record.read_text()
    record.write_text(text.replace(place.snapshot.as_posix(), "/elsewhere") if spoil is None else spoil)
    assert place.verify() == ["config.json", "model.safetensors"] and json.loads(record.read_text())


def test_without_a_folder_of_runs_all_is_read_and_nothing_written(place: Place):
    for _ in range(2):
        place.read.clear()
        require_verified([READ], None)
        assert len(place.read) == 2
    assert not place.root.exists()


@pytest.mark.parametrize(
    "repository",
    [
        Repository("model", "org/other", COMMIT),
        Repository("model", "org/name", "main"),
        Repository("model", "org/name", None),
        Repository("model", "../name", COMMIT),
        Repository("model", "o" * 300, COMMIT),
        Repository("model", "org/name", None, Path("somewhere")),
    ],
    ids=["not there", "branch", "no revision", "path", "long", "folder"],
)
def test_what_is_no_cached_commit_is_no_fault(place: Place, repository: Repository):
    assert place.verify(CachedRevision(repository)) == [] and not place.root.exists()


def test_what_two_recipes_read_of_a_revision_is_one_list(place: Place):
    require_verified([READ, CachedRevision(MODEL, ("*.json", "*.md"))], place.root)
    assert sorted(place.read) == ["README.md", "config.json", "model.safetensors"]


def test_what_was_verified_is_read_again_for_bench_verify(place: Place):
    place.verify()
    ((verified, faults),) = verified_again(place.root)
    assert (verified.repository, faults) == (MODEL, [])
    place.rot("config.json")
    ((verified, faults),) = verified_again(place.root)
    assert verified.folder == str(place.snapshot) and [fault.partition(": ")[0] for fault in faults] == ["config.json"]
    for path in place.snapshot.iterdir():
        path.rename(place.root / path.name)
    assert list(verified_again(place.root)) == [], "what left the cache is not damaged"
