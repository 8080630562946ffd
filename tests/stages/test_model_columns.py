"""Columns that models make: their values by hand, gaps, transforms after them, and what preference training reads."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from harness import MICRO, ROOT, bench

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.stages.model_columns.run import columns_of_rows, of_passes, without_gaps
from benchbench.stages.model_columns.settings import ColumnSettings

from .artefacts import Artefacts, run

POLICY = [("a", 0, 2, -3.0), ("a", 1, 4, -5.0), ("b", 0, 3, -6.0), ("b", 1, 0, 0.0)]
"""Example, candidate, tokens, summed log-probability; b's second response has no token."""


def scored(rows: list[tuple[str, int, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["example", "candidate", "n_tokens", "logp_sum"])
    means = frame["logp_sum"] / frame["n_tokens"].clip(lower=1)
    return frame.assign(logp_mean=means, entropy=[0.5, 0.25, 1.0, math.nan])


def column(value: str, *, scale: float | None = None, missing: Any = "drop") -> ColumnSettings:
    return ColumnSettings(name="x", value=value, scale=scale, missing=missing)


@pytest.mark.parametrize(
    ("value", "first", "second"),
    [("logp_sum", (-3.0, -5.0), -6.0), ("logp_mean", (-1.5, -1.25), -2.0), ("entropy", (0.5, 0.25), 1.0)],
)
def test_a_score_by_hand(value: str, first: tuple[float, float], second: float):
    """A response without a token has none of these."""
    made = columns_of_rows(column(value), scored(POLICY), None)
    assert made["a"] == {"x": first}
    of_b = made["b"]["x"]
    assert isinstance(of_b, tuple) and of_b[0] == second and math.isnan(of_b[1])


def test_an_implicit_reward_by_hand():
    """0.5 (-3 - (-4)) = 0.5 and 0.5 (-5 - (-2)) = -1.5."""
    reference = scored([("a", 0, 2, -4.0), ("a", 1, 4, -2.0), ("b", 0, 3, -1.0), ("b", 1, 0, 0.0)])
    made = columns_of_rows(column("implicit_reward", scale=0.5), scored(POLICY), reference)
    assert made["a"] == {"x": (0.5, -1.5)}


def test_a_reward_that_is_not_finite_is_none():
    rows = pd.DataFrame({"example": ["a", "a"], "candidate": [0, 1], "reward": [2.0, math.inf]})
    reward = columns_of_rows(column("reward"), rows, None)["a"]["x"]
    assert isinstance(reward, tuple) and reward[0] == 2.0 and math.isnan(reward[1])


def test_passes_by_hand():
    """Rewards (2, 1) and (4, 0): margins 1 and 4, mean 2.5 and sd sqrt(4.5); responses 3 and 0.5."""
    columns = of_passes("x", np.array([[2.0, 1.0], [4.0, 0.0]]))
    assert columns["x_1"] == (2.0, 1.0) and columns["x_2"] == (4.0, 0.0) and columns["x_mean"] == (3.0, 0.5)
    assert columns["x_sd"] == pytest.approx((2**0.5, 0.5**0.5))
    assert columns["x_margin_mean"] == 2.5 and columns["x_margin_sd"] == pytest.approx(4.5**0.5)
    assert of_passes("x", np.ones((2, 3))).keys() == {"x_1", "x_2", "x_mean", "x_sd"}


def test_rows_of_passes_are_put_beside_their_example():
    passes = [np.array([2.0, 4.0]), np.array([1.0, 0.0])]
    rows = pd.DataFrame({"example": ["a", "a"], "candidate": [0, 1], "reward": [3.0, 0.5], "passes": passes})
    assert columns_of_rows(column("dropout_rewards"), rows, None)["a"] == of_passes(
        "x", np.array([[2.0, 1.0], [4.0, 0.0]])
    )


def test_each_rule_for_gaps():
    examples = [Example(name, (Message("user", "?"),), ("yes", "no")) for name in "ab"]
    made = columns_of_rows(column("logp_sum"), scored(POLICY), None)
    dropped, gaps = without_gaps(examples, column("logp_sum"), made, where="s")
    assert [example.id for example in dropped] == ["a"] and gaps == 1
    assert without_gaps(examples, column("logp_sum", missing="keep"), made, where="s") == (examples, 1)
    with pytest.raises(BenchError, match="s: expected logp_sum of every response .*found none in 1 of 2 .*first b; "):
        without_gaps(examples, column("logp_sum", missing="error"), made, where="s")


# Through all stages.

COLUMNS = (
    "{reward: {value: reward}, implicit: {value: implicit_reward, model: {recipe: dpo}, beta: 0.5}, "
    "total: {value: logp_sum, model: {policy: sft}}, mean: {value: logp_mean, model: {policy: base}}, "
    "spread: {value: entropy, model: {policy: sft}}, "
    "passes: {value: dropout_rewards, passes: 3, draw_seed: 7, dropout: 0.2}}"
)
STEPS = (
    "[{name: pairs_best_worst, options: {score: reward}}, {name: score_difference, options: {score: reward}}, "
    "{name: ensemble_uncertainty, options: {members: [passes_1, passes_2, passes_3]}}]"
)
SETS = (f"preference.model_columns={COLUMNS}", f"preference.transforms={STEPS}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    """ODPO on the reward model's scores of its pairs, with every other kind of column beside it."""
    return run(tmp_path_factory.mktemp("columns"), ["odpo"], *SETS)


TITLE = "columns reward, implicit, total, mean, spread, passes seed 1 on train"


def made_of(finished: Artefacts) -> list[dict[str, Any]]:
    lines = (finished.folder(TITLE) / "examples" / "train.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def by_text(finished: Artefacts, title: str, name: str) -> dict[tuple[str, str], Any]:
    """(example, text) -> a number of a stage's rows, read with pandas beside the prepared data."""
    data = [json.loads(line) for line in next((finished.runs / "data").glob("*/train.jsonl")).read_text().splitlines()]
    texts = {(e["id"], k): text for e in data for k, text in enumerate(e["candidates"])}
    rows = finished.rows(title).to_dict("records")
    return {(row["example"], texts[row["example"], row["candidate"]]): row[name] for row in rows}


def test_every_column_is_what_its_models_rows_say(finished: Artefacts):
    assert finished.done(), finished.status
    policy = by_text(finished, "column implicit seed 1", "logp_sum")
    sft = by_text(finished, "reference of column implicit seed 1", "logp_sum")  # the same stage as that of `total`
    read = {
        "reward": by_text(finished, "rewards seed 1 on train", "reward"),
        "implicit": {key: 0.5 * (policy[key] - sft[key]) for key in policy},
        "total": sft,
        "mean": by_text(finished, "column mean seed 1", "logp_mean"),
        "spread": by_text(finished, "column spread seed 1", "entropy"),
        "passes_mean": by_text(finished, "column passes seed 1", "reward"),
    }
    examples = made_of(finished)
    assert len(examples) > 30
    for example in examples:
        for name, values in read.items():
            expected = [values[example["id"], text] for text in example["candidates"]]
            assert example["columns"][name] == pytest.approx(expected, rel=1e-6), name
    entropies = [value for example in examples for value in example["columns"]["spread"]]
    assert min(entropies) > 0 and max(entropies) < math.log(256), "the micro model has 256 tokens"


def test_an_entropy_is_that_of_the_models_own_logits(finished: Artefacts):
    """With transformers alone: mean over the positions that predict the response's tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = finished.folder("sft seed 1") / "model"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    counts = by_text(finished, "column spread seed 1", "n_tokens")
    for example in made_of(finished)[:5]:
        prompt = example["prompt"][-1]["content"]
        for text, value in zip(example["candidates"], example["columns"]["spread"], strict=True):
            ids = tokenizer(f"<|user|> {prompt} <|assistant|> {text}{tokenizer.eos_token}", return_tensors="pt")
            with torch.no_grad():
                logps = model(ids["input_ids"]).logits[0].double().log_softmax(dim=-1)
            entropies = -(logps.exp() * logps).sum(dim=-1)
            assert value == pytest.approx(float(entropies[-counts[example["id"], text] - 1 : -1].mean()), rel=1e-5)


def test_transforms_read_the_columns_and_what_became_of_examples_is_counted(finished: Artefacts):
    examples, summary = made_of(finished), finished.record(TITLE)["summary"]
    for example in examples:
        first, second = example["columns"]["reward"]
        assert example["columns"]["score_gap"] == first - second > 0
        assert 0 < example["columns"]["p_mean"] < 1 and example["columns"]["uncertainty"] > 0
    reports = summary["transforms"]
    assert [report["name"] for report in reports] == ["pairs_best_worst", "score_difference", "ensemble_uncertainty"]
    assert summary["examples_read"] == reports[0]["examples_in"] == 48 and summary["missing"] == {}
    assert summary["examples"] == {"train": reports[-1]["examples_out"]} == {"train": len(examples)}


def test_passes_differ_and_come_again(finished: Artefacts, tmp_path: Path):
    """Their masks are drawn from the column's own seed."""
    again = "preference.model_columns={passes: {value: dropout_rewards, passes: 3, draw_seed: 7, dropout: 0.2}}"
    repeated = run(tmp_path, ["dpo"], again)
    assert repeated.done(), repeated.status
    rows = finished.rows("column passes seed 1"), repeated.rows("column passes seed 1")
    first, second = (np.stack(frame["passes"].to_list()) for frame in rows)
    np.testing.assert_array_equal(first, second)
    assert (first.std(axis=1) > 0).all() and not np.allclose(first[:, 0], first[:, 1])
    plain = finished.rows("rewards seed 1 on train")["reward"].to_numpy()
    assert abs(first.mean(axis=1) - plain).max() > 1e-6, "dropout is on"


def test_training_reads_the_made_pairs_and_the_reward_model_the_prepared_ones(finished: Artefacts):
    made = finished.folder(TITLE).name
    locks = [finished.lock(key) for key in finished.status]
    readers = sorted(lock["title"] for lock in locks if made in str(lock["inputs"]))
    assert readers == ["odpo seed 1", "reference log-probabilities seed 1"]


def test_the_data_report_has_what_became_of_the_examples(finished: Artefacts):
    line = ("compare", "odpo", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--dry-run")
    ended = bench(*line, *(part for text in SETS for part in ("--set", text)))
    said = " ".join(f"{ended.out} {ended.err}".split())
    assert ended.code == 0 and f"{TITLE}: 48 examples read" in said
    assert f"{TITLE}: score_difference: 48 examples in, {len(made_of(finished))} out" in said


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recipes' stages are filed, so that those which are the same for several run once."""
    return tmp_path_factory.mktemp("shared")


@pytest.mark.parametrize("method", ["cream", "dro_pointwise", "gpm_gpo", "odpo"])
def test_the_shipped_recipes_train(method: str, shared_folder: Path):
    """In the micro setting, whose models are other ones."""
    recipe = ROOT / "recipes" / f"{method}_tiny.yaml"
    trained = run(shared_folder, [str(recipe)])
    assert trained.done(), trained.status
    assert all(math.isfinite(line["loss"]) for line in trained.log(f"{method} seed 1"))
