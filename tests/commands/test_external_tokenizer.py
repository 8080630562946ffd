"""`bench eval` of a folder: its own tokenizer or none, never the setting's without a word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from harness import MICRO, ROOT, bench
from tokenizers import Tokenizer

from benchbench.commands.evaluate.run import external_session
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.data.tokenizer import load_tokenizer, tokenizer_hash
from benchbench.recipe.overrides import parse_overrides

BASE = ROOT / "results" / "reference" / "tiny" / "checkpoint"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder without its tokenizer."""
    return Path(shutil.copytree(BASE, tmp_path / "model", ignore=shutil.ignore_patterns("*token*", "chat_template*")))


def tokenizer_planned(folder: Path, tmp_path: Path, *sets: str) -> str:
    session = external_session(
        str(folder), str(MICRO), parse_overrides(sets), RunOptions("cpu", runs=tmp_path / "runs")
    )
    (spec,) = session.plan.stages.values()
    return spec.settings.model.tokenizer


def of_folder(folder: Path) -> str:
    return tokenizer_hash(load_tokenizer(str(folder), revision=None, pad_token=None, folder=Path()))


def test_a_folder_without_a_tokenizer_is_refused_with_what_to_do(folder: Path, tmp_path: Path):
    ended = bench("eval", folder, "--setting", MICRO, "--runs", tmp_path / "runs")
    assert ended.code == 2
    assert "expected a tokenizer, found none that loads (no tokenizer file)" in ended.err
    assert "model.tokenizer_name_or_path" in ended.err


def test_one_of_a_vocabulary_and_merges_is_not_replaced_by_the_settings(folder: Path, tmp_path: Path):
    """The setting's toy tokenizer was taken, and numbers came out."""
    Tokenizer.from_file(str(BASE / "tokenizer.json")).model.save(str(folder))
    assert {"vocab.json", "merges.txt"} <= {path.name for path in folder.iterdir()}
    with pytest.raises(BenchError, match=r"from config\.json, vocab\.json, merges\.txt|does not|would get ids"):
        tokenizer_planned(folder, tmp_path)


def test_a_tokenizer_that_the_command_names_is_read(folder: Path, tmp_path: Path):
    named = f"model.tokenizer_name_or_path={BASE}"
    assert tokenizer_planned(folder, tmp_path, named) == of_folder(BASE) == tokenizer_planned(BASE, tmp_path)
    shutil.copy(BASE / "tokenizer_config.json", folder)
    other = json.loads((BASE / "tokenizer.json").read_text(encoding="utf-8"))
    other["added_tokens"][-1]["lstrip"] = True
    (folder / "tokenizer.json").write_text(json.dumps(other), encoding="utf-8")
    assert tokenizer_planned(folder, tmp_path) == of_folder(folder) != of_folder(BASE)
    assert tokenizer_planned(folder, tmp_path, named) == of_folder(BASE)


def test_so_is_the_settings_where_the_command_asks_for_it(folder: Path, tmp_path: Path):
    assert len(tokenizer_planned(folder, tmp_path, "model.train_tokenizer.vocab_size=500")) == 64


def test_a_tokenizer_with_more_ids_than_the_model_has_rows_is_told_before_anything_runs(folder: Path, tmp_path: Path):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 50}), encoding="utf-8")
    with pytest.raises(BenchError, match=r"the tokenizer has \d+ entries, the model's vocabulary 50"):
        tokenizer_planned(folder, tmp_path, f"model.tokenizer_name_or_path={BASE}")
