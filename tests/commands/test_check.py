"""`bench check`: claims of shipped recipes, and verdicts over finished cells."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import cast

import pytest
from harness import WIDE
from scipy import stats

from benchbench.cli.main import main
from benchbench.commands.check.claimed import reported_runs, runs_of
from benchbench.commands.check.reported import reported_differences
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded
from benchbench.report.reported import statement


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


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


REPORTED = "recipes/ddo_rm_pythia410m.yaml"


def test_the_report_itself_says_that_three_seeds_do_not_settle_it(tmp_path, capsys):
    """Without a run, a model or a GPU: +1.25, +4.25 and +5.40 points of pair accuracy by scipy's paired test."""
    assert main(["check", REPORTED, "--runs", str(tmp_path), "--json"]) == 4
    rows = {row["metric"]: row for row in json.loads(capsys.readouterr().out)["reported"]}
    assert set(rows) == {f"{name} (logp_mean)" for name in ("pair_accuracy", "auc", "mean_margin", "std_margin")}
    row = rows["pair_accuracy (logp_mean)"]
    test = stats.ttest_rel([0.541, 0.563, 0.5765], [0.5285, 0.5205, 0.5225])
    assert (row["difference"], row["p"]) == pytest.approx((0.0363, test.pvalue), abs=5e-5)
    assert (row["low"], row["high"]) == pytest.approx(tuple(test.confidence_interval()))
    assert row["paired"] is True and row["family"] == 4 and row["source"]
    assert "+0.0363 [-0.017, +0.090], p 0.099: three seeds do not settle it" in row["sentence"]
    assert row["power_at_difference"] == pytest.approx(0.38, abs=0.005)
    assert row["power_80"] == pytest.approx(3.26 * 0.021426, rel=0.002), "evaluation.md C5, in sds of differences"


def test_what_is_not_run_is_one_line_for_each_recipe(tmp_path, capsys):
    assert main(["check", "--runs", str(tmp_path)]) == 4
    lines = capsys.readouterr().out.splitlines()
    why = "model or data are not on this machine"
    assert [line for line in lines if "not run" in line] == [
        f"ddo_rm_pythia410m: not run, 12 claims and 8 training losses: {why}",
        f"dpo_pythia410m: not run, 4 claims and 6 training losses: {why}",
    ]
    assert sum("+0.0363 [-0.017, +0.090], p 0.099: three seeds do not settle it" in line for line in lines) == 1
    assert not any("finished cells against the report" in line for line in lines), "there is none"


def loaded_with(name: str, *claims: ClaimSection) -> Loaded:
    """A recipe as far as its claims go."""
    return cast(Loaded, SimpleNamespace(recipe=SimpleNamespace(name=name, claims=list(claims))))


@pytest.mark.parametrize(
    ("ours", "theirs", "note"),
    [
        ({"mean": 0.6, "sd": 0.02, "k": 3}, {"mean": 0.5, "sd": 0.01, "k": 5}, ""),
        ({"mean": 0.6, "sd": 0.02, "k": 3}, {"mean": 0.5, "sd": 0.0, "k": 5}, "dpo has a spread of 0, which is"),
        ({"mean": 0.6, "k": 1}, {"mean": 0.5, "sd": 0.01, "k": 5}, "mine has one seed"),
        ({"values": {1: 0.6, 2: 0.7}}, {"values": {1: 0.5, 2: 0.6}}, "the differences have a spread of 0"),
        ({"values": {1: 0.6, 2: 0.72}}, {"values": {1: 0.5, 3: 0.59}}, ""),
        ({"mean": 0.6, "k": 1}, None, ""),
    ],
)
def test_reported_means_are_compared_by_welch_and_values_of_equal_seeds_in_pairs(ours, theirs, note):
    mine = loaded_with("mine", claimed(**ours, baseline="dpo"))
    other = loaded_with("dpo", *([] if theirs is None else [claimed(**theirs)]))
    (difference,) = reported_differences([mine], {"mine": mine, "dpo": other})
    contrast = difference.row.contrast
    assert contrast.paired == (note.startswith("the differences"))
    assert math.isnan(contrast.interval.p) == bool(note or theirs is None)
    assert note in "; ".join(contrast.notes)
    if theirs is None:
        assert statement(difference.row) == "n/a: no value of the baseline was reported"
    if not note and theirs is not None and "mean" in ours:
        expected = stats.ttest_ind_from_stats(0.6, 0.02, 3, 0.5, 0.01, 5, equal_var=False)
        assert contrast.interval.p == pytest.approx(expected.pvalue)


def test_a_claim_without_a_baseline_claims_no_difference():
    item = loaded_with("mine", claimed(mean=0.5, k=3, sd=0.1))
    assert reported_differences([item], {"mine": item}) == []
