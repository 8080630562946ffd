"""A user's own YAML, outside the package, on real models, tokenizers and preference data.

The settings are the examples of the documentation, letter by letter; the test puts real files beside a copy of them,
where the examples say that they are.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import ROOT, bench, bench_process, finish

EXAMPLES = ROOT / "docs" / "examples"
METHODS = ("dpo", "simpo", "ddo_rm")
FILES = {
    "pretrained_model": {
        "model": "models/stories260K",
        "data/pairs.jsonl.gz": "pairs/instruction_politeness.jsonl.gz",
    },
    "own_tokenizer": {
        "tokenizer": "tokenizers/neox_20b",
        "data/pairs.jsonl.gz": "pairs/ultrafeedback_binarized.jsonl.gz",
    },
}
"""Where an example looks -> where that is in the shared data."""
HELD_OUT = {"pretrained_model": (140, 165), "own_tokenizer": (110, 140)}
"""Least and most pairs that a whole run compares."""
QUICK = (
    *("data.options.limit={train: 12, test: 8}", "sft.max_steps=2", "reward_model.max_steps=2"),
    *("preference.max_steps=2", "preference.global_batch_size=2", "sft.global_batch_size=2"),
    *(f"{section}.per_device_train_batch_size=2" for section in ("sft", "reward_model", "preference")),
    *("reward_model.global_batch_size=2", "tokenization.max_length=128"),
)

pytestmark = pytest.mark.shared_data


def lay_out(name: str, folder: Path, shared: Path) -> Path:
    """The example in a folder of its own, with the real files where it looks for them."""
    for here, there in FILES[name].items():
        place = folder / here
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(shared / there)
    return Path(shutil.copyfile(EXAMPLES / f"{name}.yaml", folder / f"{name}.yaml"))


@dataclass(frozen=True)
class Quick:
    """An example finished with a few dozen rows and a few steps."""

    setting: Path
    runs: Path
    results: Path

    def line(self, verb: str, *targets: object) -> list[object]:
        sets = [word for override in QUICK for word in ("--set", override)]
        return [verb, *targets, "--setting", self.setting, "--seeds", 42, *sets, "--runs", self.runs]


@pytest.fixture(scope="module", params=sorted(FILES))
def quick(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Quick:
    folder = tmp_path_factory.mktemp(request.param)
    setting = lay_out(request.param, folder, shared)
    done = Quick(setting, folder / "runs", folder / "results")
    status = finish(METHODS, runs=done.runs, setting=setting, seeds=[42], sets=QUICK)
    assert set(status.values()) == {"done"}, status
    return done


def test_the_examples_are_those_of_the_documentation():
    """tests/docs/test_examples.py runs the others, too, on what the checkout has."""
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} >= set(FILES)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/examples" in readme


def test_the_comparison_has_every_method_and_sft(quick: Quick):
    ended = bench(*quick.line("compare", *METHODS), "--results", quick.results, "--json")
    assert ended.code == 0, ended.err
    rows = [row for row in ended.json["comparisons"] if row["metric"] == "pair_accuracy"]
    assert {row["candidate"] for row in rows} == {*METHODS, "sft"}
    assert {row["scoring"] for row in rows} == {"logp_mean", "logp_sum", "implicit", "reward_model"}
    assert all(0 <= row["mean"] <= 1 for row in rows)
    assert len({row["n"] for row in rows}) == 1
    assert 4 <= rows[0]["n"] <= 8, "eight pairs, less what the example leaves out"
    rewards = {row["mean"] for row in rows if row["scoring"] == "reward_model"}
    assert len(rewards) == 1, "one reward model per seed serves every row"
    assert all(any("untuned" in mark for mark in row["marks"]) for row in rows if row["candidate"] != "sft")
    for name in ("cells.jsonl", "measurements.csv", "comparisons.csv", "report.md"):
        assert (quick.results / quick.setting.stem / name).stat().st_size > 0


def test_training_moved_every_policy_and_nothing_is_infinite(quick: Quick):
    frames = {}
    for path in (quick.runs / "score").glob("*/rows.parquet"):
        title = next(line for line in (path.parent / "lock.yaml").read_text().splitlines() if line.startswith("title:"))
        frames[title.removeprefix("title: ")] = pd.read_parquet(path)
    scored = {title: frame for title, frame in frames.items() if title.endswith("on test")}
    assert set(scored) == {f"score {label} seed 42 on test" for label in (*METHODS, "sft")}
    for title, frame in scored.items():
        assert np.isfinite(frame["logp_sum"]).all(), title
        assert (frame["n_tokens"] > 0).mean() > 0.5, title
        assert (frame["empty"] == (frame["n_tokens"] == 0)).all(), "a prompt that fills the context leaves a flag"
    sft = scored["score sft seed 42 on test"]["logp_sum"]
    for label in METHODS:
        assert not np.allclose(scored[f"score {label} seed 42 on test"]["logp_sum"], sft, rtol=1e-7), label


def test_the_trained_folder_reads_back_with_transformers(quick: Quick):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for folder in (quick.runs / "preference").iterdir():
        model = AutoModelForCausalLM.from_pretrained(folder / "model")
        tokenizer = AutoTokenizer.from_pretrained(folder / "model")
        logits = model(**tokenizer("Question: Who are you?", return_tensors="pt", return_token_type_ids=False)).logits
        assert np.isfinite(logits.detach().numpy()).all()


def test_a_dry_run_finds_all_of_it_finished(quick: Quick):
    ended = bench(*quick.line("compare", *METHODS), "--dry-run", "--json")
    assert ended.code == 0, ended.err
    assert {stage["status"] for stage in ended.json["stages"]} == {"finished"}


def test_the_pretrained_model_itself_is_scored_as_external(tmp_path: Path, shared: Path):
    """It knows English words: far from guessing among 512 tokens, which is -6.24 nats each."""
    setting = lay_out("pretrained_model", tmp_path, shared)
    ended = bench(
        *("eval", tmp_path / "model", "--setting", setting, "--set", "data.options.limit={train: 32, test: 12}"),
        *("--runs", tmp_path / "runs", "--workers", 2, "--json"),
    )
    assert ended.code == 0, ended.err
    means = {row["metric"]: row["value"] for row in ended.json if row["scoring"] == "logp_mean"}
    assert -5.2 < means["chosen_mean"] < 0
    assert {row["method"] for row in ended.json} == {"external"}
    assert "data, test: 12 examples of" in ended.err, "what was read and left out is shown before anything runs"
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"data", "hashes", "leases", "score", "tokens"}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
def test_the_whole_example_runs_as_the_user_would_type_it(name: str, tmp_path: Path, shared: Path):
    setting = lay_out(name, tmp_path, shared)
    ended = bench_process("compare", *METHODS, "--setting", setting.name, "--json", cwd=tmp_path, timeout=1800)
    assert ended.code == 0, ended.err
    rows = [r for r in ended.json["comparisons"] if (r["metric"], r["scoring"]) == ("pair_accuracy", "logp_mean")]
    means = {row["candidate"]: row["mean"] for row in rows}
    assert set(means) == {*METHODS, "sft"}
    assert {tuple(row["seeds"]) for row in rows} == {(42, 13, 3407)}
    low, high = HELD_OUT[name]
    assert low <= rows[0]["n"] <= high
    if name == "pretrained_model":
        assert max(means["dpo"], means["simpo"]) > means["sft"]
    report = (tmp_path / "results" / name / "report.md").read_text()
    assert report.startswith(f"# dpo, simpo, ddo_rm, sft on {name}, seeds 42 13 3407")
    again = bench_process("compare", *METHODS, "--setting", setting.name, "--json", cwd=tmp_path)
    assert "finished already" in again.err
    assert json.loads(again.out)["comparisons"] == json.loads(ended.out)["comparisons"]
