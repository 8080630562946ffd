"""`bench verify` says which stages rest on a model, tokenizer, template or judge's file that a recipe names by path."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, bench

from benchbench.data.files import content_hash
from benchbench.data.model_files import weights_hash
from benchbench.data.tokenizer import load_tokenizer, tokenizer_hash
from benchbench.store.files import write_yaml

SFT, SCORE, JUDGE = "sft/0000000000000001", "score/0000000000000002", "judge/0000000000000003"
CHECKPOINT = ROOT / "results" / "reference" / "tiny" / "checkpoint"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHECKPOINT, tmp_path / "model"))


@pytest.fixture
def runs(tmp_path: Path, model: Path) -> Path:
    """Locks of stages as a plan writes them: one that reads the folder, one that reads what it left, one judge."""
    (tmp_path / "template.jinja").write_text("{{ messages }}", encoding="utf-8")
    (tmp_path / "votes.csv").write_text("prompt,first,second,vote\n", encoding="utf-8")
    tokenizer = load_tokenizer(str(model), revision=None, pad_token=None, folder=Path())
    settings = {
        "model": {"weights": weights_hash(model), "tokenizer": tokenizer_hash(tokenizer), "pad_token": None},
        "tokenization": {"chat_template": content_hash(tmp_path / "template.jinja")},
    }
    run = {"model_path": str(model), "tokenizer_path": str(model), "chat_template": str(tmp_path / "template.jinja")}
    judge = {"judge": {"name": "human_file", "identity": {"file": content_hash(tmp_path / "votes.csv")}}}
    runs = tmp_path / "runs"
    lock(runs, SFT, settings, run)
    lock(runs, SCORE, {}, {"tokenizer_path": str(runs / "tokenizer" / "a")}, policy=SFT)
    lock(runs, JUDGE, judge, {"folder": str(tmp_path), "options": {"path": "votes.csv"}})
    return runs


def lock(runs: Path, key: str, settings: Mapping[str, Any], run: Mapping[str, Any], **inputs: str) -> None:
    write_yaml(runs / key / "lock.yaml", {"settings": dict(settings), "run": dict(run), "inputs": inputs})


def swapped_ids(content: bytes) -> bytes:
    """A tokenizer's file with the ids of two entries of its vocabulary exchanged."""
    return content.replace(b": 102,", b": @,").replace(b": 103,", b": 102,").replace(b": @,", b": 103,")


def damages(runs: Path) -> list[dict[str, Any]]:
    return json.loads(bench("verify", "--runs", runs, "--results", runs.parent / "results", "--json").out)["damages"]


def test_what_is_named_is_read_again_and_what_rests_on_it_is_said(runs: Path, model: Path):
    sound = bench("verify", "--runs", runs)
    assert sound.code == 0 and "4 files and folders that recipes name: none damaged" in sound.text, sound.text
    for path, change in (
        (model / "model.safetensors", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        (model / "tokenizer.json", swapped_ids),
        (runs.parent / "template.jinja", lambda content: content + b" "),
        (runs.parent / "votes.csv", lambda content: content + b"p,a,b,1\n"),
    ):
        before = path.read_bytes()
        path.write_bytes(change(before))
        (damage,) = damages(runs)
        path.write_bytes(before)
        assert damage["path"] in (str(path), str(model)) and "bring it back" in damage["faults"][0]
        assert damage["rests_on_it"] == ([JUDGE] if path.name == "votes.csv" else [SFT, SCORE]), path
    assert damages(runs) == []


def test_what_is_gone_says_nothing_and_what_later_stages_were_planned_with_is_no_damage(runs: Path, model: Path):
    (model / "config.json").write_text((model / "config.json").read_text() + "\n", encoding="utf-8")
    assert len(damages(runs)) == 1
    later = {"model": {"weights": weights_hash(model)}}
    lock(runs, "sft/0000000000000004", later, {"model_path": str(model)})
    assert damages(runs) == []
    shutil.rmtree(model)
    (runs.parent / "votes.csv").unlink()
    assert damages(runs) == []


def test_a_model_of_which_a_file_is_gone_is_named(runs: Path, model: Path):
    (model / "model.safetensors").unlink()
    (damage,) = damages(runs)
    assert damage["path"] == str(model) and "no .safetensors weights found" in damage["faults"][0]
