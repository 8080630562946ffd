"""`bench verify` says which prepared data and stages rest on a dataset that is no longer what they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Ended, bench

from benchbench.store.prepared import read_prepared

OPTIONS = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
LINES = [{"prompt": f"q {n}", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(24)]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return path


@pytest.fixture
def prepared(rows: Path, write_yaml) -> str:
    """The key of data that were prepared from the file, and a stage that reads them."""
    return key_of(prepare(rows, write_yaml), rows)


def prepare(rows: Path, write_yaml) -> Ended:
    options = "options: {files: {train: rows.jsonl, sft: rows.jsonl, reward: rows.jsonl, test: rows.jsonl}}"
    setting = write_yaml("users.yaml", swap={"source: toy": "source: local_files", OPTIONS: options})
    return bench("compare", "dpo", "--setting", setting, "--seeds", 1, "--dry-run", "--runs", rows.parent / "runs")


def key_of(ended: Ended, rows: Path) -> str:
    assert ended.code == 0, ended.err
    (folder,) = (rows.parent / "runs" / "data").iterdir()
    stage = rows.parent / "runs" / "sft" / "0123456789abcdef"
    stage.mkdir(parents=True)
    (stage / "lock.yaml").write_text(json.dumps({"run": {"data": str(folder)}, "inputs": {}}))
    return folder.name


def verify(rows: Path, *more: str) -> Ended:
    return bench("verify", "--runs", rows.parent / "runs", "--results", rows.parent / "results", *more)


def test_data_keep_what_they_were_made_from(rows: Path, prepared: str):
    data = read_prepared(rows.parent / "runs", prepared)
    assert data is not None and list(data.origin.files) == [str(rows)] and data.origin.repository is None


def test_a_dataset_that_changed_names_the_data_and_the_stages_made_from_it(rows: Path, prepared: str):
    sound = verify(rows)
    assert sound.code == 0 and "1 files of datasets: none damaged" in sound.text, sound.text
    content = bytearray(rows.read_bytes())
    content[20] ^= 1
    rows.write_bytes(bytes(content))
    (damaged,) = json.loads(verify(rows, "--json").out)["damages"]
    assert damaged["path"] == str(rows)
    assert damaged["rests_on_it"] == [f"data/{prepared}", "sft/0123456789abcdef"]
    (fault,) = damaged["faults"]
    assert fault.startswith("expected the content ") and ", found " in fault
    ended = verify(rows)
    assert ended.code == 5 and f"rests on it: data/{prepared}" in ended.text


def test_what_was_prepared_again_from_a_changed_file_is_no_damage(rows: Path, prepared: str, write_yaml):
    """Who edits a dataset and goes on has the data of both contents; the file is what the newer were made from."""
    rows.write_text(rows.read_text(encoding="utf-8").replace("good 3", "better 3"), encoding="utf-8")
    assert verify(rows).code == 5
    assert prepare(rows, write_yaml).code == 0
    assert verify(rows).code == 0


def test_a_dataset_that_is_gone_damages_nothing_and_one_that_is_no_file_is_named(rows: Path, prepared: str):
    rows.unlink()
    assert verify(rows).code == 0
    rows.symlink_to(rows)
    assert verify(rows).code == 0, "a link that leads nowhere is no dataset"
    rows.unlink()
    (rows.parent / "elsewhere").mkdir()
    rows.symlink_to("elsewhere")
    assert verify(rows).code == 5
