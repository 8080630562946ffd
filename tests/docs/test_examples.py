"""docs/examples: every setting plans a whole comparison from this checkout alone, and two of them really run.

The files that an example names are put beside a copy of it: the committed checkpoint of the toy setting as its model,
and pairs in that model's words. tests/shared_data_runs/test_user_settings.py runs examples on real models and data.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from harness import ROOT, bench, finish

from tests.commands.init.models import CHAT, CHECKPOINT, model_folder

EXAMPLES = {path.stem: path for path in sorted((ROOT / "docs" / "examples").glob("*.yaml"))}
METHODS = ("dpo", "simpo")
SHORT = ("tokenization.max_length=64",)
"""The checkpoint reads 128 tokens at once, fewer than some examples ask for."""


def lay_out(name: str, folder: Path) -> Path:
    """The example with the files that it names."""
    (folder / "data").mkdir(parents=True)
    rows = [
        {"prompt": f"what is {n} plus {n % 7}?", "chosen": f"it is {n + n % 7}.", "rejected": f"it is {n}."}
        | {"split": "test" if n % 4 == 0 else "train"}
        for n in range(60)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "data" / "pairs.jsonl").write_text(lines, encoding="utf-8")
    (folder / "data" / "pairs.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    model_folder(folder / "model", chat_template=CHAT if "instruct" in name else "")
    shutil.copytree(CHECKPOINT, folder / "tokenizer", ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    return Path(shutil.copyfile(EXAMPLES[name], folder / f"{name}.yaml"))


def sets(*texts: str) -> list[str]:
    return [word for text in texts for word in ("--set", text)]


def test_an_instruct_model_and_adapters_are_among_them():
    texts = {name: path.read_text(encoding="utf-8") for name, path in EXAMPLES.items()}
    assert set(texts) >= {"pretrained_model", "own_tokenizer", "instruct_model", "adapters"}
    assert "\nsft: null\n" in texts["instruct_model"] and "lora_target_modules: all-linear" in texts["adapters"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_valid_and_plans_everything(name: str, tmp_path: Path):
    setting = lay_out(name, tmp_path)
    printed = bench("recipes", "validate", setting).out
    assert "".join(printed.split()) == f"{setting}:valid(setting)", "folded at the folders of a long path"
    line = (
        "compare",
        *METHODS,
        "--setting",
        setting,
        "--runs",
        tmp_path / "runs",
        *sets(*SHORT),
        "--dry-run",
        "--json",
    )
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert ended.json["assumed"] == [] and ended.json["cells"] == 9
    titles = {stage["stage"] for stage in ended.json["stages"]}
    start = "base" if name == "instruct_model" else "sft"
    assert {f"score {label} seed 42 on test" for label in (*METHODS, start)} <= titles


@pytest.mark.parametrize("name", ["instruct_model", "adapters"])
def test_an_example_really_runs(name: str, tmp_path: Path):
    """A step or two of each stage; rows of the model as it is are called `base`, those that were not tuned say so."""
    setting = lay_out(name, tmp_path)
    quick = ["preference.max_steps=2", *(["sft.max_steps=1"] if name == "adapters" else [])]
    assert set(finish(["dpo"], runs=tmp_path / "runs", setting=setting, seeds=[42], sets=quick).values()) == {"done"}
    folders = ("--runs", tmp_path / "runs", "--results", tmp_path / "results")
    ended = bench("compare", "dpo", "--setting", setting, "--seeds", 42, *sets(*quick), *folders)
    assert ended.code == 0 and "finished already" in ended.err, ended.err
    first = [line.split()[0] for line in ended.out.splitlines() if line.strip()]
    assert ("base" if name == "instruct_model" else "sft") in first
    assert "untuned: its hyper-parameters were not chosen on a validation split" in ended.text
    if name == "adapters":
        (config,) = (tmp_path / "runs" / "preference").glob("*/model/adapter_config.json")
        modules = {name.rpartition(".")[2] for name in json.loads(config.read_text())["target_modules"]}
        assert modules == {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"}
