"""A sealed folder says what is in it: nothing of it changes, goes or comes unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchbench.store.seals import SEAL, is_sealed, seal, seal_faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "merged" / "a"
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(b"weights")
    (place / "config.json").write_text("{}")
    return place


def test_a_folder_of_an_earlier_version_is_believed_and_a_sealed_one_is_as_it_was(folder: Path):
    assert not is_sealed(folder) and seal_faults(folder, None) == []
    seal(folder)
    assert is_sealed(folder) and seal_faults(folder, None) == [] and seal_faults(folder, folder.parent.parent) == []


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda f: (f / "model.safetensors").write_bytes(b"Weights"), "model.safetensors: expected 7 bytes"),
    "gone": (lambda f: (f / "config.json").unlink(), "config.json: expected 2 bytes"),
    "added": (lambda f: (f / "adapter_config.json").write_text("{}"), "adapter_config.json: expected no such file"),
    "the seal": (lambda f: (f / SEAL).write_text("{}"), f"{SEAL}: expected the hashes of all files here"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_is_named(folder: Path, what: str):
    seal(folder)
    change, words = CHANGES[what]
    change(folder)
    (fault,) = seal_faults(folder, folder.parent.parent)
    assert fault.startswith(words)


def test_a_folder_under_the_name_of_another_is_noticed(folder: Path):
    seal(folder)
    (fault,) = seal_faults(folder.rename(folder.with_name("b")), None)
    assert fault == f"{SEAL}: expected the hashes of b, found those of a"
