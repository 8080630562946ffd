"""The as-published chain, unchanged but for model and data, from SFT to the verdict."""

from __future__ import annotations

import json

import pytest
from harness import bench

from .conftest import SEEDS, SETTING, Chain

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
RECIPES = ("recipes/dpo_pythia410m.yaml", "recipes/ddo_rm_pythia410m.yaml")


def test_check_says_that_model_and_data_are_not_those_of_the_report(chain: Chain):
    ended = bench("check", *RECIPES, *chain.words, "--runs", chain.runs, "--json")
    assert ended.code == 0, ended.err
    claims = ended.json["claims"]
    assert len(claims) == 4 + 8 + 4
    assert {row["outcome"] for row in claims} == {"not comparable"}
    assert {tuple(row["verdict"]["differs_in"]) for row in claims} == {("model", "data")}
    runs = [row["verdict"]["found"] for row in claims]
    assert max(run["k"] for run in runs) >= 2, "what was found is shown all the same"
    assert all((run["sd"] is None) == (run["k"] == 1) for run in runs), "seeds that come to one run have no spread"
    detail = claims[0]["verdict"]["detail"]
    assert "reported on EleutherAI/pythia-410m" in detail
    assert "24 held-out pairs, reported on 2000" in detail
    shown = bench("check", *RECIPES, *chain.words, "--runs", chain.runs).out
    assert shown.count("not comparable: model, data") == len(claims)


def test_training_losses_are_shown_beside_the_reported_ones(chain: Chain):
    rows = bench("check", *RECIPES, *chain.words, "--runs", chain.runs, "--json").json["losses"]
    found = {(row["recipe"], row["stage"], row["seed"]): row["found (mean of logged steps)"] for row in rows}
    assert all(value is not None for value in found.values())
    for seed in SEEDS:
        assert found["dpo_pythia410m", "preference", seed] == pytest.approx(0.693, abs=0.01), "DPO starts at ln 2"
        assert found["dpo_pythia410m", "sft", seed] == pytest.approx(10.8, abs=0.3), "ln of 50,304 entries"


def test_the_comparison_of_the_published_setting_is_one_command(chain: Chain):
    line = ["compare", "ddo_rm", "dpo", "--setting", SETTING, *chain.words, "--runs", chain.runs]
    dry = bench(*line, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    left = [row for row in dry.json["stages"] if row["status"] != "finished"]
    assert {row["kind"] for row in left} <= {"sft", "score"}, "only the SFT row, which nobody reported, is left to run"


def test_every_row_has_its_numbers(chain: Chain, tmp_path):
    quirks = ("--quirk", "score.dtype", "--quirk", "score.tie_credit")
    line = ["quirks", "dpo", "ddo_rm", "--setting", SETTING, "--seeds", *SEEDS, *quirks, *chain.words]
    ended = bench(*line, "--runs", chain.runs, "--results", tmp_path, "--json")
    assert ended.code == 0, ended.err
    rows = [row for row in ended.json["rows"] if (row["metric"], row["scoring"]) == ("pair_accuracy", "logp_mean")]
    assert [row["removed"] for row in rows] == [
        "as published",
        "score.dtype = float32",
        "score.tie_credit = 0.5",
        "all quirks removed",
    ]
    assert ended.json["reported"]["ddo_rm"] == pytest.approx(0.0363, abs=5e-5)
    assert rows[0]["change"] is None
    for row in rows[1:]:
        assert row["change"] == pytest.approx(row["difference"] - rows[0]["difference"])
        assert row["marks"].startswith("audit: settings differ")
    assert all("--set model.model_name_or_path" in row["marks"] for row in rows), "what the user changed is marked too"
    folder = tmp_path / SETTING
    assert (folder / "audit.md").read_text().count("\n| ") >= 5
    assert (folder / "audit.csv").is_file()
    (keys,) = json.loads((folder / "audit.stages.json").read_text()).values()
    assert {key.split("/")[0] for key in keys} >= {"sft", "preference", "score"}
