"""What is committed under results/reference/ comes out again: from rows exactly, from the checkpoint closely."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchbench.cli.main import main
from benchbench.comparison.measure import measure
from benchbench.store.reference import ReferenceStore

FOLDER = Path(__file__).parents[2] / "results" / "reference" / "tiny"
MEASURED_AGAIN = 1e-9
"""Tables from stored rows: exact up to the rounding of sums."""
SCORED_AGAIN = 1e-3
"""Nats per response of a re-scored checkpoint, float32, on another machine; summed over about 13 tokens."""


@pytest.fixture(scope="module")
def reference() -> ReferenceStore:
    return ReferenceStore(FOLDER)


def test_every_committed_measurement_follows_from_the_committed_rows(reference):
    rows = reference.rows()
    committed = {
        (r["recipe"], r["seed"], r["metric"], r["scoring"]): float(r["value"])
        for r in reference.measurements().to_dict("records")
    }
    again = {}
    for (recipe, seed), frame in rows.groupby(["recipe", "seed"]):
        for one in measure(frame, tie_credit=0.5, exclude=("identical",)):
            again[recipe, str(seed), one.metric, one.scoring] = one.value
    assert again.keys() == committed.keys()
    assert len(again) > 100
    for key, value in committed.items():
        assert math.isclose(again[key], value, rel_tol=0, abs_tol=MEASURED_AGAIN), key


def test_a_changed_row_is_noticed(reference):
    """The canary of the test above: one pair turned round moves its cell's pair accuracy by 1/1000."""
    frame = reference.rows()
    one = frame[(frame["recipe"] == frame["recipe"].iloc[0]) & (frame["seed"] == frame["seed"].iloc[0])].copy()
    before = {(m.metric, m.scoring): m.value for m in measure(one)}
    pair = one["example"] == one["example"].iloc[0]
    one.loc[pair, "logp_sum"] = one.loc[pair, "logp_sum"].to_numpy()[::-1]
    one.loc[pair, "logp_mean"] = one.loc[pair, "logp_mean"].to_numpy()[::-1]
    after = {(m.metric, m.scoring): m.value for m in measure(one)}
    moved = abs(after["pair_accuracy", "logp_mean"] - before["pair_accuracy", "logp_mean"])
    assert moved == pytest.approx(1e-3)


def test_the_committed_checkpoint_scores_as_its_rows_say(reference, tmp_path, capsys):
    about = reference.about()
    runs = str(tmp_path / "runs")
    checkpoint = str(FOLDER / "checkpoint")
    code = main(["eval", checkpoint, "--setting", "tiny", "--runs", runs, "--device", "cpu", "--json"])
    assert code == 0
    measured = {(r["metric"], r["scoring"]): r["value"] for r in json.loads(capsys.readouterr().out)}
    committed = {
        (r["metric"], r["scoring"]): float(r["value"])
        for r in reference.measurements().to_dict("records")
        if r["method"] == about["checkpoint"] and r["seed"] == str(about["seed"])
    }
    for metric in ("chosen_mean", "rejected_mean", "mean_margin"):
        for scoring in ("logp_sum", "logp_mean"):
            assert measured[metric, scoring] == pytest.approx(committed[metric, scoring], abs=SCORED_AGAIN)
    # a pair may change sides only if its margin is within the noise of scoring
    near = abs(measured["pair_accuracy", "logp_sum"] - committed["pair_accuracy", "logp_sum"])
    assert near <= 2 / 1000


def test_the_readme_shows_the_committed_tables(reference):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert reference.tables().strip() in readme


def test_the_committed_checkpoint_is_small():
    assert sum(path.stat().st_size for path in (FOLDER / "checkpoint").iterdir()) <= 4 * 2**20
