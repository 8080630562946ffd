"""`bench regress` fails for every committed file that was changed or removed, alone or together with others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from harness import bench

from benchbench.store.manifest import MANIFEST
from benchbench.store.reference import ReferenceStore
from tests.regress.small import COMMITTED, small_reference

FILES = sorted(path.relative_to(COMMITTED).as_posix() for path in COMMITTED.rglob("*") if path.is_file())
JUDGED = ("verdicts.parquet", "win_rates.csv")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The committed reference, to change."""
    return Path(shutil.copytree(COMMITTED, tmp_path / "tiny"))


def flip(path: Path) -> None:
    """Turn one bit, of the middle byte."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", FILES)
def test_one_bit_of_any_file_is_noticed_and_so_is_one_that_is_gone(copy: Path, name: str):
    """What tier 1 shows of files."""
    flip(copy / name)
    (fault,) = ReferenceStore(copy).faults()
    assert fault.startswith(f"{name}: ") or name == MANIFEST
    (copy / name).unlink()
    (fault,) = ReferenceStore(copy).faults()
    assert fault.startswith(f"{name}: ")


@pytest.mark.parametrize("names", [JUDGED, (*JUDGED, "tables.md"), ("measurements.csv", "rows.parquet")])
def test_files_that_are_gone_together_are_noticed(copy: Path, names: tuple[str, ...]):
    for name in names:
        (copy / name).unlink()
    assert [fault.partition(":")[0] for fault in ReferenceStore(copy).faults()] == sorted(names)


@pytest.mark.parametrize(
    "name", ["measurements.csv", "rows.parquet", "verdicts.parquet", "checkpoint/model.safetensors", "about.json"]
)
def test_a_file_that_cannot_be_read_ends_in_one_message(copy: Path, name: str):
    (copy / name).write_bytes(b"\xff{")
    (copy / "tables.md").unlink()
    ended = bench("regress", copy, "--tier", 1)
    assert ended.code in (2, 5) and not ended.out
    assert f"  {name}: expected " in ended.err and "  tables.md: expected " in ended.err


def test_tables_and_win_rates_that_were_edited_or_removed_fail_the_gate(tmp_path: Path):
    """Where every number that is computed again is right."""
    folder = small_reference(tmp_path / "tiny")
    for name in (*JUDGED, "tables.md"):
        shutil.copyfile(COMMITTED / name, folder / name)
    ReferenceStore(folder).write_manifest()
    (folder / "tables.md").write_text("| dpo | 0.9 |\n", encoding="utf-8")
    for name in JUDGED:
        (folder / name).unlink()
    ended = bench("regress", folder, "--tier", 1, "--json")
    assert ended.code == 3
    assert [row["verdict"] for row in ended.json["findings"]] == ["same", *["moved"] * 3]
    assert [row["found"].partition(":")[0] for row in ended.json["findings"][1:]] == [
        "tables.md",
        "verdicts.parquet",
        "win_rates.csv",
    ]
