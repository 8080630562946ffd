"""What the embedded setting must show over its three seeds; reads the runs of `make demo`, or trains them.

DDO-RM is reported as it comes out: there is no gate on it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from benchbench.cli.main import main
from benchbench.commands.compare import Request, prepare_comparison
from benchbench.commands.session import Options
from benchbench.data.serial import from_json
from tests.gates.sampling import sample

pytestmark = pytest.mark.slow

LEAST_GAIN = {"logp_sum": 0.05, "logp_mean": 0.02}
"""Gain of DPO and SimPO over SFT, as fractions of pairs."""
LEAST_VALID = 0.95
"""Share of SFT's sampled answers that end and follow the grammar."""
SAMPLED_PROMPTS = 500


@pytest.fixture(scope="module")
def gains(tmp_path_factory) -> dict[tuple[str, str, str], dict]:
    results = tmp_path_factory.mktemp("results")
    out = results / "compare.json"
    with pytest.MonkeyPatch.context() as patch, out.open("w") as handle:
        patch.setattr("sys.stdout", handle)
        code = main(["compare", "dpo", "simpo", "--baseline", "sft", "--results", str(results), "--json"])
    assert code == 0
    rows = json.loads(out.read_text())["comparisons"]
    return {(row["candidate"], row["metric"], row["scoring"]): row for row in rows}


@pytest.mark.parametrize("method", ["dpo", "simpo"])
@pytest.mark.parametrize("metric", ["pair_accuracy", "gold_pair_accuracy"])
@pytest.mark.parametrize("scoring", ["logp_sum", "logp_mean"])
def test_preference_training_beats_sft_against_labels_and_gold(gains, method, metric, scoring):
    row = gains[method, metric, scoring]
    assert row["seeds"] == [42, 13, 3407]
    assert row["difference"] >= LEAST_GAIN[scoring]
    assert row["low"] > 0


def test_sampled_answers_of_sft_are_well_formed():
    options = Options()
    prepared = prepare_comparison(Request(["sft"]), options)
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
