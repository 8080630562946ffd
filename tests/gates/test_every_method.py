"""Every method trains: twenty steps on the toy world, and those of lists on real candidates with GPT-4 scores."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from harness import finish

from benchbench import methods
from benchbench.core.method import Candidates, Need
from tests.recipe.test_tiny_recipes import WITHOUT, recipes

pytestmark = pytest.mark.slow

STEPS = 20
QUICK = (
    *(f"{stage}.max_steps={STEPS}" for stage in ("sft", "reward_model", "preference")),
    *(f"{stage}.logging_steps=1" for stage in ("sft", "reward_model", "preference")),
)
SMALL = tuple(
    f"data.options.{text}"
    for text in ("demonstrations=700", "preference_prompts=700", "validation_prompts=20", "test_prompts=40")
)
OF_LISTS = [
    name
    for name in methods.names()
    if methods.get(name).candidates is Candidates.ANY
    and not methods.get(name).columns
    and not (methods.get(name).roles or methods.get(name).token_weights)
    and methods.get(name).needs <= {Need.REFERENCE, Need.REWARD}
]
"""Methods that a list of candidates with a score each is enough for."""
SETTING = """name: real_lists
model: {{model_name_or_path: {model}, dtype: float32}}
data:
  source: local_files
  options: {{files: {{train: train.jsonl, test: {pairs}}}}}
tokenization:
  template: {{user: "Question: {{content}}\\n", assistant: "Answer: {{content}}\\n", generation_prompt: "Answer: "}}
  add_bos: true
  append_eos: true
  max_length: 128
  truncation: right
sft: {{split: train, learning_rate: 1e-4, lr_scheduler_type: linear, max_steps: 2, global_batch_size: 4}}
preference:
  split: train
  reward: {{source: column, column: score}}
  learning_rate: 1e-4
  lr_scheduler_type: linear
  global_batch_size: 4
score:
  split: test
  dtype: float32
  tie_credit: 0.5
  headline: {{metric: pair_accuracy, scoring: logp_mean}}
seeds: {{list: [42]}}
"""


def losses(status: dict[str, str], runs: Path) -> list[list[float]]:
    """The logged losses of every preference stage of a plan."""
    logs = [runs / key / "train.jsonl" for key in status if key.startswith("preference/")]
    return [[json.loads(line)["loss"] for line in log.read_text(encoding="utf-8").splitlines()] for log in logs]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, SFT and reference that the methods share."""
    return tmp_path_factory.mktemp("runs")


@pytest.mark.parametrize("name", [name for name in methods.names() if name not in {"sft", *WITHOUT}])
def test_a_method_trains_on_the_toy_world(runs: Path, name: str):
    in_rounds = any("rounds" in e.values for e in recipes().get(name, []) if e.method[1] == "default")
    sets = (*QUICK, *SMALL, *(["rounds.prompts.per_round=100"] if in_rounds else []))
    status = finish([name], runs=runs, setting="tiny", seeds=(42,), sets=sets, pairs_only=True)
    assert set(status.values()) == {"done"}, status
    trained = losses(status, runs)
    assert any(len(run) == STEPS for run in trained), "a guide's own run is as long as its recipe says"
    assert all(loss == loss for run in trained for loss in run)


def lists_of(path: Path, candidates: int | None, prompts: int) -> list[str]:
    """Rows of prompts with their first candidates, all of them where no number is given: shortest and longest lists."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = sorted(map(json.loads, file), key=lambda row: len(row["candidates"]))
    rows = rows[: prompts // 2] + rows[-prompts // 2 :]
    return [
        json.dumps(
            {
                "id": row["id"],
                "prompt": row["prompt"],
                "candidates": [{"text": c["text"], "score": c["score"]} for c in row["candidates"][:candidates]],
            }
        )
        for row in rows
    ]


@pytest.mark.shared_data
@pytest.mark.parametrize("candidates", [4, 8, None], ids=["4", "8", "all, unequal"])
def test_methods_of_lists_train_on_real_candidates(tmp_path: Path, shared: Path, candidates: int | None):
    rows = lists_of(shared / "alpaca_eval" / "candidates.weighted_alpaca_eval_gpt4_turbo.jsonl.gz", candidates, 32)
    sizes = {len(json.loads(row)["candidates"]) for row in rows}
    assert sizes == {candidates} if candidates else len(sizes) > 1
    (tmp_path / "train.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    pairs = shared / "pairs" / "instruction_politeness.jsonl.gz"
    setting = tmp_path / "real_lists.yaml"
    model = shared / "models" / "stories260K"
    setting.write_text(SETTING.format(model=model, pairs=pairs), encoding="utf-8")
    sets: Sequence[str] = ("data.options.limit={test: 8}", f"preference.max_steps={STEPS if candidates else 4}")
    for name in OF_LISTS:
        status = finish([name], runs=tmp_path / "runs", setting=setting, seeds=(42,), sets=sets, pairs_only=True)
        assert set(status.values()) == {"done"}, (name, status)
        assert losses(status, tmp_path / "runs")
    assert len(OF_LISTS) >= 8
