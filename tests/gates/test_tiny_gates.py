"""What the embedded setting must show over its three seeds; reads the runs of `make demo`, or trains them.

DDO-RM is reported as it comes out: there is no gate on it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from benchbench.cli.main import main
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.data.serial import from_json
from tests.gates.sampling import sample

pytestmark = pytest.mark.slow

LEAST_GAIN = {"logp_sum": 0.05, "logp_mean": 0.02}
"""Gain of DPO and SimPO over SFT, as fractions of pairs."""
LEAST_VALID = 0.95
"""Share of SFT's sampled answers that end and follow the grammar."""
SAMPLED_PROMPTS = 500


TEMPTED = ("--set", "data.options.length_bias=0.6")
"""Data labelled by an annotator to whom a filler is worth more than it costs."""
TEMPTED_JUDGE = ("--set", "judge.name=toy_annotator", "--set", "judge.options.length_bias=0.6")


def against_sft(results: Path, *words: str) -> dict:
    out = results / "compare.json"
    with pytest.MonkeyPatch.context() as patch, out.open("w") as handle:
        patch.setattr("sys.stdout", handle)
        code = main(["compare", *words, "--baseline", "sft", "--results", str(results), "--json"])
    assert code == 0
    return json.loads(out.read_text())


def win_rates_over_sft(document: dict) -> dict[str, dict]:
    return {row["label"]: row for row in document["win_rates"] if row["opponent"] == "sft"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> dict:
    return against_sft(tmp_path_factory.mktemp("results"), "dpo", "simpo")


@pytest.fixture(scope="module")
def gains(compared) -> dict[tuple[str, str, str], dict]:
    return {(row["candidate"], row["metric"], row["scoring"]): row for row in compared["comparisons"]}


@pytest.fixture(scope="module")
def tempted(tmp_path_factory) -> dict[str, dict[str, dict]]:
    """Judge -> method -> its row against SFT, trained on the tempted annotator's labels."""
    methods = ("dpo", "simpo", "ddo_rm", *TEMPTED, "--set", "judge.against=[baseline]")
    return {
        "toy_annotator": win_rates_over_sft(against_sft(tmp_path_factory.mktemp("a"), *methods, *TEMPTED_JUDGE)),
        "gold": win_rates_over_sft(against_sft(tmp_path_factory.mktemp("b"), *methods)),
    }


@pytest.mark.parametrize("method", ["dpo", "simpo"])
@pytest.mark.parametrize("metric", ["pair_accuracy", "gold_pair_accuracy"])
@pytest.mark.parametrize("scoring", ["logp_sum", "logp_mean"])
def test_preference_training_beats_sft_against_labels_and_gold(gains, method, metric, scoring):
    row = gains[method, metric, scoring]
    assert row["seeds"] == [42, 13, 3407]
    assert row["difference"] >= LEAST_GAIN[scoring]
    assert row["low"] > 0


def test_sampled_answers_of_sft_are_well_formed():
    options = RunOptions()
    prepared = prepare_comparison(CompareRequest(["sft"]), options)
    (data,) = {item.data.folder: item.data for item in prepared.session.prepared}.values()
    examples = [from_json(line) for line in data.lines("test")[:SAMPLED_PROMPTS]]
    shares = []
    for cell in prepared.session.cells:
        assert cell.policy is not None
        folder = Path(options.store.folder(cell.policy)) / "model"
        parts = sample(folder, examples, seed=cell.seed)
        shares.append(sum(part.well_formed for part in parts) / len(parts))
    Console(stderr=True).print(f"well-formed share of SFT's sampled answers by seed: {shares}")
    assert min(shares) >= LEAST_VALID


@pytest.mark.parametrize("method", ["dpo", "simpo"])
def test_gold_win_rate_over_sft_is_above_one_half(compared, method):
    raw = win_rates_over_sft(compared)[method]["raw"]
    assert raw["seeds"] == [42, 13, 3407]
    assert raw["interval"]["low"] > 0.5
    assert min(run["value"] for run in raw["runs"]) > 0.5


@pytest.mark.parametrize("method", ["dpo", "simpo", "ddo_rm"])
def test_a_length_biased_annotator_parts_raw_and_length_controlled_win_rates(tempted, method):
    """Its raw win rate is above the one at equal length, on every seed, and far above the gold one."""
    row = tempted["toy_annotator"][method]
    assert all(run["length"] > 1.3 * run["opponent_length"] for run in row["raw"]["runs"])
    assert row["controlled"]["effect"]["low"] > 0
    pairs = zip((run["value"] for run in row["raw"]["runs"]), row["controlled"]["values"], strict=True)
    assert all(raw - controlled > 0.05 for raw, controlled in pairs)
    assert row["raw"]["interval"]["low"] > 0.5
    assert row["raw"]["interval"]["low"] > tempted["gold"][method]["raw"]["interval"]["high"]
