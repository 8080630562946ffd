"""A manifest sees every file that was changed, removed or added."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.store.manifest import MANIFEST, manifest_faults, manifest_size, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "tables.md").write_text("| dpo | 0.5 |\n")
    (tmp_path / "inner" / "weights").write_bytes(b"\0" * 10)
    write_manifest(tmp_path)
    return tmp_path


def test_a_folder_as_it_was_written_has_no_faults(folder: Path):
    (folder / ".DS_Store").write_text("what a file browser leaves")
    assert manifest_faults(folder) == [] and manifest_size(folder) == 2


def test_every_fault_is_named_with_both_contents(folder: Path):
    (folder / "tables.md").write_text("| dpo | 0.6 |\n")
    (folder / "inner" / "weights").unlink()
    (folder / "inner" / "adapter_config.json").write_text("{}")
    (folder / "inner" / "dangling").symlink_to("nowhere")
    added, dangling, gone, changed = manifest_faults(folder)
    assert added.startswith("inner/adapter_config.json: expected no such file, found one of 2 bytes")
    assert dangling.startswith("inner/dangling: expected no such file")
    assert gone.startswith("inner/weights: expected 10 bytes with sha256 ") and gone.endswith("found no such file")
    assert changed.startswith("tables.md: expected 14 bytes with sha256 ") and ", found 14 bytes with " in changed


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"files": 3}', '{"files": {}}'])
def test_a_manifest_that_is_none_is_a_fault(folder: Path, text: str | None):
    (folder / MANIFEST).unlink()
    if text is not None:
        (folder / MANIFEST).write_text(text)
    assert manifest_faults(folder) == [f"{MANIFEST}: expected the list of all files here, found none that can be read"]


def test_an_entry_that_is_none_is_a_fault(folder: Path):
    (folder / MANIFEST).write_text('{"files": {"tables.md": 3, "inner/weights": {"bytes": "10"}}}')
    assert len(manifest_faults(folder)) == 2


def test_only_what_was_written_anew_gets_a_new_entry(folder: Path):
    (folder / "tables.md").write_text("new")
    (folder / "inner" / "weights").write_bytes(b"changed by somebody")
    write_manifest(folder, only=("tables.md",))
    (fault,) = manifest_faults(folder)
    assert fault.startswith("inner/weights: ")
    assert manifest_faults(folder, beside=("inner/weights",)) == []
