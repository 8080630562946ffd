"""Files that change between planning and running: no stage files numbers under the hash of other content."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, Finished, execute
from safetensors.numpy import load_file, save_file

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageSpec

from .artefacts import local_model

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|> {{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
Edit = Callable[[Path], None]


def _first_weight_moves(folder: Path) -> None:
    path = folder / "model" / "model.safetensors"
    weights = load_file(path)
    name = min(weights)
    weights[name] = weights[name] + 1
    save_file(weights, path, metadata={"format": "pt"})


def _two_ids_are_swapped(folder: Path) -> None:
    path = folder / "model" / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    vocab = content["model"]["vocab"]
    first, second = list(vocab)[-2:]
    vocab[first], vocab[second] = vocab[second], vocab[first]
    path.write_text(json.dumps(content), encoding="utf-8")


def _template_says_otherwise(folder: Path) -> None:
    (folder / "template.jinja").write_text(TEMPLATE.replace("<|{{ m.role }}|> ", "<|{{ m.role }}|>"))


def _a_setting_of_the_model_changes(folder: Path) -> None:
    path = folder / "model" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"layer_norm_eps": 0.1}))


def _a_pair_is_cut_out(folder: Path) -> None:
    for path in (folder / "runs" / "data").glob("*/*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[1:]), encoding="utf-8")


EDITS: dict[str, tuple[Edit, str]] = {
    "tokenizer": (_two_ids_are_swapped, "model"),
    "chat template": (_template_says_otherwise, "template.jinja"),
    "data": (_a_pair_is_cut_out, "runs"),
    "weights": (_first_weight_moves, "model"),
    "configuration": (_a_setting_of_the_model_changes, "model"),
}


@pytest.fixture
def planned(tmp_path: Path, finished: Finished) -> tuple[Path, StageSpec, RunOptions]:
    """A setting on a model folder with a chat template of its own, planned: the stage that fine-tunes."""
    folder = tmp_path / "planned"
    shutil.copytree(next(iter(sorted((finished.runs / "sft").iterdir()))) / "model", folder / "model")
    (folder / "template.jinja").write_text(TEMPLATE)
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  template:"), text.index("  add_bos")
    setting = folder / "setting.yaml"
    setting.write_text(text[:begin] + "  chat_template: template.jinja\n" + text[end:], encoding="utf-8")
    local_model(setting, folder / "model")
    options = RunOptions("cpu", runs=folder / "runs")
    plan = prepare_comparison(CompareRequest(["dpo"], str(setting), ["1"]), options).session.plan
    return folder, next(spec for spec in plan.stages.values() if spec.kind == "sft"), options


@pytest.mark.parametrize("what", EDITS)
def test_a_stage_refuses_what_it_was_not_planned_with(planned: tuple[Path, StageSpec, RunOptions], what: str):
    folder, spec, options = planned
    edit, place = EDITS[what]
    shutil.copytree(folder, folder.parent / "before")
    edit(folder)
    record = execute(spec, options.store, device="cpu")
    assert record.status == "failed"
    assert record.summary == {"exit_code": 5}
    assert "expected the" in str(record.message)
    before = folder.parent / "before" / place
    if before.is_dir():
        shutil.copytree(before, folder / place, dirs_exist_ok=True)
    else:
        shutil.copy(before, folder / place)
    assert execute(spec, options.store, device="cpu").status == "done"
