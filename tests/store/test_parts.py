"""Parts of a stage: whole or not there, of one origin, and gone when the result is written."""

from __future__ import annotations

from pathlib import Path

from benchbench.store.parts import WrittenParts, remove_parts

CPU = {"device_kind": "cpu"}


def test_parts_that_are_there_are_read_by_the_next_attempt(tmp_path: Path):
    WrittenParts(tmp_path, CPU).write(0, [{"text": "a\u2028b"}, {"text": "c"}])
    again = WrittenParts(tmp_path, CPU)
    assert again.read(0) == [{"text": "a\u2028b"}, {"text": "c"}] and again.read(1) is None


def test_half_a_part_is_none(tmp_path: Path):
    parts = WrittenParts(tmp_path, CPU)
    parts.write(3, [[1], [2]])
    (file,) = (tmp_path / "parts").glob("part-*")
    file.write_text(file.read_text()[:-3])
    assert parts.read(3) is None


def test_parts_of_another_device_are_thrown_away(tmp_path: Path):
    WrittenParts(tmp_path, CPU).write(0, [1])
    assert WrittenParts(tmp_path, {"device_kind": "cuda"}).read(0) is None
    remove_parts(tmp_path)
    assert not (tmp_path / "parts").exists()
    remove_parts(tmp_path)
