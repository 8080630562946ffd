"""`bench check`: claims of shipped recipes, and verdicts over finished cells."""

from __future__ import annotations

import json

import pytest

from benchbench.cli.main import main
from benchbench.commands.check.claimed import reported_runs, runs_of
from benchbench.recipe.claims import ClaimSection


def test_the_published_claims_are_not_run_where_nothing_was_run(tmp_path, capsys):
    code = main(["check", "recipes/ddo_rm_pythia410m.yaml", "--runs", str(tmp_path), "--json"])
    rows = json.loads(capsys.readouterr().out)["claims"]
    assert code == 4
    assert {row["outcome"] for row in rows} == {"not run"}
    assert {row["claim"].split(" ")[0] for row in rows} == {"pair_accuracy", "auc", "mean_margin", "std_margin"}
    assert all(row["source"] and row["assumptions"] for row in rows)


def test_the_effect_is_claimed_where_both_recipes_are_checked(tmp_path, capsys):
    main(["check", "--runs", str(tmp_path), "--json"])
    rows = json.loads(capsys.readouterr().out)["claims"]
    effect = [row for row in rows if row["claim"] == "pair_accuracy (logp_mean), difference to dpo_pythia410m"]
    assert len(effect) == 1
    # +1.25, +4.25, +5.40 points: mean 3.63
    assert effect[0]["verdict"]["reported"]["mean"] == pytest.approx(0.0363, abs=5e-5)


def test_a_recipe_without_claims_has_nothing_to_check(capsys):
    assert main(["check", "recipes/dpo_tiny.yaml"]) == 2
    assert "no claims" in capsys.readouterr().err


def claimed(**values) -> ClaimSection:
    return ClaimSection(metric="auc", scoring="logp_mean", n=10, source="a table", **values)


def test_single_values_give_mean_and_spread():
    assert reported_runs(claimed(values={1: 0.5, 2: 0.7})) == runs_of([0.5, 0.7])


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({}, "exactly one of values and mean"),
        ({"mean": 0.5}, "k: required"),
        ({"values": {1: 0.5}, "sd": 0.1}, "neither sd nor k"),
        ({"mean": 0.5, "k": 3, "tolerance": -0.1}, "greater than 0"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(values, what):
    with pytest.raises(ValueError, match=what):
        claimed(**values)


def test_a_claim_about_a_metric_that_does_not_exist_is_refused(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nsetting: tiny\nmethod: {name: sft}\nclaims:\n"
        "  - {metric: pair_acuracy, scoring: logp_men, mean: 0.5, k: 1, n: 10, source: nowhere}\n"
    )
    assert main(["check", str(path)]) == 2
    told = capsys.readouterr().err
    assert "pair_accuracy" in told and "logp_mean" in told and "2 problems" in told
