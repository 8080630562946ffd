"""No recipe, data, row, model folder or argument makes a traceback, a hang, or a file outside the folders named.

300 cases by default, 2,000 in CI, always the same; more of them, which BENCH_FUZZ_CASES asks for, are new each time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from harness import MICRO, ROOT, generate_section
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from benchbench.commands import run_plan
from benchbench.recipe.yaml_text import read_yaml

from .guard import behaves, watched
from .mutations import ODD, VALUES, texts, trees
from .record import ACCEPTED, TALLY

CASES = int(os.environ.get("BENCH_FUZZ_CASES", "300"))
ALWAYS_THE_SAME = 2000
"""Up to so many cases are drawn from a fixed seed."""
SHARES = {"recipes": 0.3, "settings": 0.2, "overrides": 0.1, "rows": 0.15, "models": 0.1, "arguments": 0.15}
"""What is changed -> its share of the cases."""
CHECKPOINT = ROOT / "results" / "reference" / "tiny" / "checkpoint"
SPLITS = ", ".join(f"{split}: rows.jsonl" for split in ("sft", "reward", "train", "test"))
FILES = f"data: {{source: local_files, options: {{files: {{{SPLITS}}}}}}}\n"
MODEL = "model: {model_name_or_path: model, dtype: float32}\n"
ROWS = [
    {"id": f"r{n}", "prompt": f"What is {n} and two?", "chosen": f"{n + 2}.", "rejected": "five", "score_chosen": n / 2}
    for n in range(6)
]
RECIPE = {
    "name": "mine",
    "description": "A recipe.",
    "setting": "setting.yaml",
    "method": {"name": "dpo", "variant": "mine", "hyper": {"beta": 0.1}},
    "preference": {"learning_rate": 1e-3, "max_steps": 2, "global_batch_size": 4},
    "data": {"transforms": [{"name": "flip_labels", "splits": ["train"], "options": {"rate": 0.25}}]},
    "online": None,
    "rounds": {
        "count": 2,
        "prompts": {"split": "train", "per_round": 2},
        "sampler": {"name": "policy", "num_samples": 2, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0,
                    "repetition_penalty": 1.0, "max_new_tokens": 4},
        "oracle": {"name": "reward_stage"},
        "selector": {"name": "best_worst", "options": {"ties": "drop"}},
    },
    "seeds": {"list": [1]},
}  # fmt: skip
OVERRIDES = [
    "score.tie_credit",
    "seeds.list",
    "preference.max_steps",
    "model.dtype",
    "data.options",
    "method.hyper.beta",
]
WORDS = [
    *("train", "compare", "eval", "report", "show", "recipes", "methods", "audit", "check", "diff", "status", "verify"),
    *("quirks", "reread", "export", "analyse", "transforms", "env", "tune", "alpaca-eval", "regress"),
    *(
        "ls",
        "data",
        "seeds",
        "dpo",
        "simpo@sum",
        "sft",
        "mine.yaml",
        "setting.yaml",
        "rows.jsonl",
        "model",
        "runs",
        ".",
    ),
    *(
        "--setting",
        "--seeds",
        "--set",
        "--json",
        "--runs",
        "--results",
        "--workers",
        "--device",
        "--baseline",
        "1",
        "0",
    ),
    *(
        "--metrics",
        "--prompts",
        "--dry-run",
        "--at",
        "--match",
        "kl=1",
        "pair_accuracy",
        "-h",
        "--",
        "cpu",
        "-1",
        "a=1",
    ),
    *("--judge", "--against", "--split", "--limit", "--out", "--write", "inside", "score.tie_credit=1"),
]


class NothingRunsError(Exception):
    """What is in the place of workers: whoever comes as far had its input accepted."""


def cases(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Settings of a test: its share of the cases."""
    return settings(
        max_examples=max(1, round(CASES * SHARES[what])),
        deadline=None,
        derandomize=CASES <= ALWAYS_THE_SAME,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
        print_blob=True,
    )


class World:
    """A folder with a recipe, its setting, rows and a model, and the folders that commands may write to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.setting: dict[str, Any] = read_yaml(
            re.sub(r"data:\n  source: toy\n  options: .*\n", FILES, re.sub(r"model:\n.*?\ndata", f"{MODEL}data",
                   MICRO.read_text(encoding="utf-8"), flags=re.DOTALL)) + generate_section(prompts=2, tokens=4)
        )  # fmt: skip
        shutil.copytree(CHECKPOINT, folder / "model")
        self.reset()

    def reset(self) -> None:
        """As it was at first, but for `runs/`, where what was prepared is found again."""
        self.write("setting.yaml", json.dumps(self.setting))
        self.write("mine.yaml", json.dumps(RECIPE))
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
        for kind in ("jsonl", "parquet"):  # settings that no case changes, so that each is read once
            files = dict.fromkeys(("sft", "reward", "train", "test"), f"rows.{kind}")
            data = {"source": "local_files", "options": {"files": files}}
            self.write(f"{kind}.yaml", json.dumps({**self.setting, "data": data}))
        self.reset_model()

    def reset_model(self) -> None:
        """The model's files as they were at first."""
        for path in CHECKPOINT.glob("*.json"):
            self.write(f"model/{path.name}", path.read_text(encoding="utf-8"))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BENCH_HOME", str(folder))
        patch.setenv("BENCH_OFFLINE", "1")
        patch.setenv("COLUMNS", "200")
        (folder / "tmp").mkdir()
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        patch.setattr(run_plan, "open_executor", _nothing_runs)
        yield World(folder)


@pytest.fixture(autouse=True)
def _as_it_was(world: World) -> None:
    world.reset()


def _nothing_runs(*args: object) -> None:
    raise NothingRunsError


def run(world: World, *args: object) -> None:
    begin, end = time.process_time(), ACCEPTED
    with suppress(NothingRunsError):
        code = behaves(world.folder, *args).code
        end = f"exit code {code}" if code else ACCEPTED
    TALLY.count(end, time.process_time() - begin)
    assert [*(world.folder / "tmp").glob("[!t]*")] == [], "torch's own folder stays: torchinductor"


def test_the_guard_sees_what_is_written_elsewhere(world: World, tmp_path: Path):
    with watched(world.folder) as outside:
        (world.folder / "inside").write_text("x", encoding="utf-8")
        (tmp_path / "a").write_text("x", encoding="utf-8")
        (tmp_path / "a").read_text(encoding="utf-8")
        (tmp_path / "b").mkdir()
        (tmp_path / "a").rename(tmp_path / "c")
    assert outside == {f"open {tmp_path}/a", f"os.mkdir {tmp_path}/b", f"os.rename {tmp_path}/c"}


def test_what_is_changed_is_accepted_as_it_is(world: World):
    _write_parquet(world, ROWS)
    for target in (*(["dpo", "--setting", f"{name}.yaml"] for name in ("setting", "jsonl", "parquet")), ["mine.yaml"]):
        assert behaves(world.folder, "train", *target, "--dry-run").code == 0
    assert sum(SHARES.values()) == pytest.approx(1)


@cases("recipes")
@given(data=st.data())
def test_a_recipe(world: World, data: st.DataObject):
    if data.draw(st.booleans(), label="as a tree"):
        text = json.dumps(data.draw(trees(RECIPE)))
    else:
        text = data.draw(texts(YAML_OF_RECIPE))
    world.write("mine.yaml", text)
    run(world, *data.draw(st.sampled_from([["train", "mine.yaml", "--dry-run"], ["recipes", "show", "mine.yaml"]])))


@cases("settings")
@given(data=st.data())
def test_a_setting(world: World, data: st.DataObject):
    if data.draw(st.booleans(), label="as a tree"):
        text = json.dumps(data.draw(trees(world.setting)))
    else:
        text = data.draw(texts(MICRO.read_text(encoding="utf-8")))
    world.write("setting.yaml", text)
    run(world, "train", "dpo", "--setting", "setting.yaml", "--dry-run")


@cases("overrides")
@given(data=st.data())
def test_an_override(world: World, data: st.DataObject):
    key = data.draw(st.sampled_from(OVERRIDES) | texts("preference.learning_rate", most=1))
    value = data.draw(VALUES)
    text = f"{key}={value if data.draw(st.booleans()) else json.dumps(value)}"
    assume("\0" not in text)
    run(world, "train", "dpo", "--setting", "setting.yaml", "--dry-run", f"--set={text}")


@cases("rows")
@given(data=st.data())
def test_rows(world: World, data: st.DataObject):
    kind = data.draw(st.sampled_from(["tree", "text", "parquet"]))
    if kind == "text":
        world.write("rows.jsonl", data.draw(texts("".join(json.dumps(row) + "\n" for row in ROWS))))
    else:
        rows = data.draw(trees(ROWS))
        world.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        if kind == "parquet":
            _write_parquet(world, rows)
    setting = "parquet.yaml" if kind == "parquet" else "jsonl.yaml"
    run(world, "train", "dpo", "--setting", setting, "--dry-run")


def _write_parquet(world: World, rows: list[Any]) -> None:
    try:
        table = pyarrow.Table.from_pylist(rows)
        parquet.write_table(table, world.folder / "rows.parquet")
    except (TypeError, ValueError, AttributeError, OverflowError, pyarrow.ArrowException):
        assume(False)


@cases("models")
@given(data=st.data())
def test_a_model_folder(world: World, data: st.DataObject):
    world.reset_model()
    name = data.draw(
        st.sampled_from(["config.json", "tokenizer_config.json", "tokenizer.json", "generation_config.json"])
    )
    text = (CHECKPOINT / name).read_text(encoding="utf-8")
    is_tree = name != "tokenizer.json" and data.draw(st.booleans(), label="as a tree")
    world.write(f"model/{name}", json.dumps(data.draw(trees(json.loads(text)))) if is_tree else data.draw(texts(text)))
    run(world, "train", "dpo", "--setting", "setting.yaml", "--dry-run")


@cases("arguments")
@given(words=st.lists(st.sampled_from(WORDS) | st.sampled_from([w for w in ODD if "\0" not in w]), max_size=7))
def test_arguments(world: World, words: list[str]):
    run(world, *words)


YAML_OF_RECIPE = """# A recipe.
name: mine
description: "A recipe: of mine"
setting: setting.yaml
method: {name: dpo, variant: mine, hyper: {beta: 0.1}}
preference:
  learning_rate: 1e-3
  max_steps: 2   # few
  global_batch_size: 4
data:
  transforms:
    - {name: flip_labels, splits: [train], options: {rate: 0.25}}
online:
  sampler: {name: policy, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0,
    max_new_tokens: 4}
  oracle: {name: reward_stage}
  selector: {name: best_worst}
seeds: {list: [1, 2]}
"""
