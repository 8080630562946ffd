"""`bench compare`: what is in the tables, that they are right, and that nothing runs twice."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import MICRO, WIDE, Finished, bench, execute, finish, reseal, tree
from sklearn.metrics import roc_auc_score

from benchbench.commands.resolve import notice

LABELS = ["dpo", "simpo", "ddo_rm", "ipo@sum", "sft"]
MEASUREMENTS = [
    "recipe",
    "recipe_hash",
    "setting",
    "method",
    "variant",
    "overrides",
    "paper",
    "seed",
    "split",
    "metric",
    "scoring",
    "value",
    "se",
    "n",
    "unit",
    "direction",
    "metric_version",
    "scorer_version",
    "engine",
    "device_kind",
]
SECONDS_FROM_CACHE = 20


@pytest.fixture(scope="module")
def measurements(finished: Finished) -> pd.DataFrame:
    return pd.read_csv(finished.folder / "measurements.csv", keep_default_na=False, na_values=["nan"])


@pytest.fixture(scope="module")
def comparisons(finished: Finished) -> pd.DataFrame:
    return pd.read_csv(finished.folder / "comparisons.csv", keep_default_na=False, na_values=["nan"])


@pytest.fixture(scope="module")
def cells(finished: Finished) -> list[dict]:
    return [json.loads(line) for line in (finished.folder / "cells.jsonl").read_text().splitlines()]


def labelled(frame: pd.DataFrame) -> pd.Series:
    """Method, with its variant where that is not the default."""
    return frame["method"].where(frame["variant"] == "default", frame["method"] + "@" + frame["variant"])


def rows_of(finished: Finished, cell: dict, role: str) -> pd.DataFrame:
    """The score rows of one role of a cell, sorted, as the stage left them."""
    frame = pd.read_parquet(finished.runs / cell["stages"][role] / "rows.parquet")
    return frame.sort_values(["example", "candidate"], ignore_index=True)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


# --- what is printed ------------------------------------------------------------------------------------------------


def table_rows(out: str) -> list[list[str]]:
    lines = [line.split() for line in out.splitlines()]
    return [words for words in lines if words and words[0] in LABELS]


def test_the_first_line_is_the_settings_notice(finished: Finished):
    first = finished.ended.out.splitlines()[0]
    assert first.startswith("micro: test setting, no evidence about anything; other settings with recipes")
    assert "tiny" in first


def test_the_notice_names_settings_with_a_recipe_of_the_very_variant():
    """`dpo@mcts_dpo` has a recipe of the arithmetic setting alone, `dpo` of the toy setting among others."""
    assert notice("micro", ["dpo@mcts_dpo", "sft"], "no evidence").endswith("for these methods: arithmetic")
    assert notice("arithmetic", ["dpo@mcts_dpo"], "no evidence").endswith("for these methods: none")
    assert "tiny" in notice("micro", ["dpo"], "no evidence")
    assert notice("micro", ["dpo"], "") == ""


def test_every_method_and_sft_has_a_row_with_every_seed_and_the_baseline_is_first(finished: Finished, measurements):
    rows = table_rows(finished.ended.out)
    assert [row[0] for row in rows] == LABELS
    assert "baseline" in rows[0]
    assert all("[" in " ".join(row) for row in rows[1:])
    headline = measurements[(measurements.metric == "pair_accuracy") & (measurements.scoring == "logp_mean")]
    for row in rows:
        values = headline[labelled(headline) == row[0]].sort_values("seed")["value"]
        assert row[1:4] == [f"{value:.4f}" for value in values]
        assert row[4] == f"{values.mean():.4f}"


def test_methods_without_a_recipe_are_marked_untuned_and_sft_is_not(finished: Finished, comparisons):
    assert [row[-1] == "untuned" for row in table_rows(finished.ended.out)] == [True, True, True, True, False]
    marks = comparisons.groupby("candidate")["marks"].unique()
    assert {label: list(found) for label, found in marks.items()} == {
        label: ["" if label == "sft" else "untuned"] for label in LABELS
    }


# --- the files ------------------------------------------------------------------------------------------------------


def test_the_tables_are_tidy(finished: Finished, measurements, comparisons, cells):
    assert [name for name in MEASUREMENTS if name not in measurements.columns] == []
    key = ["recipe", "recipe_hash", "seed", "split", "metric", "scoring"]
    assert not measurements.duplicated(key).any()
    key = ["methods", "seeds", "baseline", "overrides", "metric", "scoring", "candidate"]
    assert not comparisons.duplicated(key).any()
    assert set(measurements["seed"]) == {1, 2, 3}
    assert len(cells) == len(LABELS) * 3
    for name in ("seconds", "recorded_at", "environment"):
        assert name in cells[0]
        assert name not in measurements.columns
        assert name not in comparisons.columns
    assert set(measurements["scoring"]) == {"logp_mean", "logp_sum", "implicit", "reward_model"}
    assert "gold_pair_accuracy" in set(measurements["metric"])
    assert {"pair_accuracy", "pair_accuracy_strict", "auc", "mean_margin", "std_margin"} <= set(measurements["metric"])


def test_no_volatile_value_is_in_the_derived_files(finished: Finished, cells):
    """Nothing in them may differ between two runs: no time, no host, no version of a library."""
    text = "".join(
        (finished.folder / name).read_text() for name in ("measurements.csv", "comparisons.csv", "report.md")
    )
    assert str(finished.runs) not in text
    environment = cells[0]["environment"]["score"]
    assert environment["packages"]["torch"] not in text
    assert cells[0]["recorded_at"][:10] not in text


def test_report_and_figure_are_written(finished: Finished):
    report = (finished.folder / "report.md").read_text()
    assert report.startswith("# dpo, simpo, ddo_rm, ipo@sum, sft on micro, seeds 1 2 3")
    assert "> micro: test setting" in report
    assert "| dpo |" in report
    figure = finished.folder / "figures" / "pair_accuracy_logp_mean.png"
    assert f"(figures/{figure.name})" in report
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_reports_say_which_command_made_them(finished: Finished):
    line = f"Made by `bench compare dpo simpo ddo_rm ipo@sum --setting {MICRO} --seeds 1 2 3`."
    assert line in (finished.folder / "report.md").read_text()


def test_what_differs_between_rows_stands_above_the_table(finished: Finished):
    """Only ddo_rm rests on a reward model, and only dpo and ipo on the reference; they share everything else."""
    lines = finished.ended.out.splitlines()
    first = lines.index("fairness: what differs between rows, as their stages recorded it (numbers of a seed)")
    assert lines[first + 1] == "- reference: SFT policy (dpo, ipo@sum); none (simpo, ddo_rm)"
    assert lines[first + 2].startswith("- reward model: none (dpo, simpo, ipo@sum); split reward (")
    assert lines[first + 2].endswith(" tokens, dropout off, float32 (ddo_rm)") and "3 updates" in lines[first + 2]
    assert lines[first + 3].startswith("degeneration: not measured of any row, so nothing is said of it: KL, entropy")
    assert finished.ended.out.index(lines[first]) < finished.ended.out.index("pair_accuracy under logp_mean")
    report = (finished.folder / "report.md").read_text()
    assert "\n".join(f"> {line}" for line in lines[first + 1 : first + 3]) in report


def test_a_plan_tells_epochs_and_batches_that_differ(tmp_path: Path, finished: Finished):
    from benchbench.commands.compare.row_facts import fairness
    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions
    from benchbench.store.results import ResultStore

    paths = [
        recipe(
            tmp_path,
            f"{name}_mine",
            f"method: {{name: {name}}}\n"
            f"preference: {{max_steps: null, num_train_epochs: {epochs}, global_batch_size: {batch}}}",
        )
        for name, epochs, batch in (("dpo", 1, 8), ("simpo", 2, 4))
    ]
    options = RunOptions(runs=finished.runs)
    session = prepare_comparison(CompareRequest([str(path) for path in paths], None, ["1"]), options).session
    results = ResultStore(tmp_path, "micro")
    fair = fairness(session.cells, session.plan, options.store, results, baseline="dpo")
    assert {name: dict(values) for name, values in fair.differing.items()} == {
        "epochs": {"1 epoch": ["dpo"], "2 epochs": ["simpo"]},
        "batch size": {"8": ["dpo"], "4": ["simpo"]},
        "reference": {"SFT policy": ["dpo"], "none": ["simpo"]},
    }
    assert fair.unknown["updates"] == ["dpo", "simpo"] == fair.unknown["tuning"]  # nothing was trained, nothing said
    assert {"training data", "dropout", "precision", "SFT"} <= set(fair.alike)


def test_rows_that_another_number_of_processes_trained_are_named(tmp_path: Path, finished: Finished):
    """A record from before says nothing of processes: there was one."""
    from benchbench.commands.compare.row_facts import fairness
    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions
    from benchbench.core.records import StageRecord
    from benchbench.store.results import ResultStore
    from benchbench.store.runs import RunStore

    session = prepare_comparison(
        CompareRequest(["dpo", "simpo", "ddo_rm"], str(MICRO), ["1"]), RunOptions(runs=finished.runs)
    ).session
    policies = {cell.loaded.label: cell.policy for cell in session.cells}

    class Others(RunStore):
        def record(self, key: str) -> StageRecord | None:
            record = super().record(key)
            assert record is not None
            about = dict(record.environment)
            if key == policies["simpo"]:
                about["world_size"] = 2
            if key == policies["ddo_rm"]:
                del about["world_size"]
            return replace(record, environment=about)

    fair = fairness(session.cells, session.plan, Others(finished.runs), ResultStore(tmp_path, "micro"), baseline="dpo")
    assert fair.differing["processes of a stage"] == {"1": ["dpo", "ddo_rm", "sft"], "1 and 2": ["simpo"]}


def test_every_written_file_is_named_on_stderr(finished: Finished):
    written = finished.ended.err.split("written: ")[1].replace("\n", "").split(", ")
    assert all(Path(name).is_file() for name in written)
    assert {Path(name).name for name in written} >= {"comparisons.csv", "report.md"}


# --- the numbers, from the rows of the stages ------------------------------------------------------------------------


def independent(finished: Finished, cell: dict) -> dict[tuple[str, str], float]:
    """Every metric under every scoring, from the parquet files with pandas, numpy and scikit-learn alone."""
    policy, reference, reward = (rows_of(finished, cell, role) for role in ("score", "reference", "reward"))
    keep = ~policy.groupby("example")["identical"].transform("any")
    length = policy["n_tokens"].clip(lower=1)
    scorings = {
        "logp_mean": policy["logp_sum"] / length,
        "logp_sum": policy["logp_sum"],
        "implicit": policy["logp_sum"] - reference["logp_sum"],
        "reward_model": reward["reward"],
    }
    found = {}
    for scoring, values in scorings.items():
        chosen, rejected = (values[keep & (policy["candidate"] == k)].to_numpy() for k in (0, 1))
        gold = [policy.loc[keep & (policy["candidate"] == k), "column_gold"].to_numpy() for k in (0, 1)]
        margin = chosen - rejected
        gold_sign = np.sign(gold[0] - gold[1])
        both = np.concatenate([chosen, rejected])
        labels = np.repeat([1, 0], len(chosen))
        centred = np.concatenate([margin / 2, -margin / 2])
        found |= {
            ("pair_accuracy", scoring): (np.sign(margin) * 0.5 + 0.5).mean(),
            ("pair_accuracy_strict", scoring): (margin > 0).mean(),
            ("tie_rate", scoring): (margin == 0).mean(),
            ("auc", scoring): roc_auc_score(labels, both),
            ("auc_centred", scoring): roc_auc_score(labels, centred),
            ("mean_margin", scoring): margin.mean(),
            ("std_margin", scoring): margin.std(ddof=0),  # the population form, as the metric says
            ("chosen_mean", scoring): chosen.mean(),
            ("rejected_mean", scoring): rejected.mean(),
            ("gold_pair_accuracy", scoring): (np.sign(margin) * gold_sign * 0.5 + 0.5).mean(),
        }
    return found


def test_measurements_are_those_of_the_score_rows(finished: Finished, measurements, cells):
    checked = 0
    for cell in cells:
        mine = measurements[
            (measurements["recipe_hash"] == cell["recipe_hash"]) & (measurements["seed"] == cell["seed"])
        ]
        expected = independent(finished, cell)
        values = {(row.metric, row.scoring): row.value for row in mine.itertuples()}
        assert len(values) == len(mine)
        for key, value in expected.items():  # tests/metrics has the other metrics
            assert values[key] == pytest.approx(value, rel=1e-12, abs=1e-12), key
            checked += 1
    assert checked == len(cells) * 40


def test_the_sft_row_has_no_implicit_reward(measurements):
    """Its log-ratio to itself is zero everywhere: every pair ties."""
    mine = measurements[(measurements["method"] == "sft") & (measurements["scoring"] == "implicit")]
    assert set(mine[mine["metric"] == "tie_rate"]["value"]) == {1.0}
    assert set(mine[mine["metric"] == "pair_accuracy"]["value"]) == {0.5}


def test_the_reward_model_ranks_the_same_for_every_method_of_a_seed(measurements):
    mine = measurements[(measurements["scoring"] == "reward_model") & (measurements["metric"] == "auc")]
    assert (mine.groupby("seed")["value"].nunique() == 1).all()
    assert mine["value"].nunique() > 1


def test_differences_are_paired_by_seed(measurements, comparisons):
    for row in comparisons.itertuples():
        assert (row.seeds, row.baseline, row.k) == ("1 2 3", "dpo", 3)
        mine, base = (
            measurements[
                (labelled(measurements) == label)
                & (measurements.metric == row.metric)
                & (measurements.scoring == row.scoring)
            ]
            .sort_values("seed")["value"]
            .to_numpy()
            for label in (row.candidate, "dpo")
        )
        assert [float(value) for value in row.values.split()] == mine.tolist()
        assert row.mean == pytest.approx(mine.mean(), rel=1e-12)
        if row.candidate != "dpo":
            assert row.difference == pytest.approx((mine - base).mean(), rel=1e-9, abs=1e-12)
            assert math.isnan(row.low) or row.low <= row.difference <= row.high
        else:
            assert math.isnan(row.difference)


def test_holm_is_the_headlines_alone(comparisons):
    headline = (comparisons["metric"] == "pair_accuracy") & (comparisons["scoring"] == "logp_mean")
    others = comparisons["candidate"] != "dpo"
    assert comparisons[headline & others]["p_holm"].notna().all()
    assert comparisons[~(headline & others)]["p_holm"].isna().all()


def test_methods_share_what_does_not_depend_on_them(cells):
    """One SFT, one reference and one reward model per seed; one policy per method and seed."""
    by_seed = {seed: [cell for cell in cells if cell["seed"] == seed] for seed in (1, 2, 3)}
    sft = {
        seed: {cell["stages"]["policy"] for cell in found if cell["label"] == "sft"} for seed, found in by_seed.items()
    }
    assert len(set.union(*sft.values())) == 3
    for found in by_seed.values():
        assert len({cell["stages"]["reference"] for cell in found}) == 1
        assert len({cell["stages"]["reward"] for cell in found}) == 1
        assert len({cell["stages"]["policy"] for cell in found}) == len(LABELS)


def test_the_number_of_stages_is_that_of_the_design(finished: Finished):
    count = {path.name: len(list(path.iterdir())) for path in finished.runs.iterdir()}
    per_seed = {
        "sft": 1,
        "reward_model": 1,
        "preference": 4,
        "score": 5 + 1,  # five rows of the table, and the reference on the training pairs
        "reward": 2,  # training pairs for ddo_rm, held-out pairs for the scoring
    }
    assert {name: count[name] for name in per_seed} == {name: 3 * number for name, number in per_seed.items()}


# --- again, and a little more ---------------------------------------------------------------------------------------


def test_the_same_command_again_runs_nothing_and_writes_the_same_bytes(finished: Finished, tmp_path: Path):
    before = _stage_times(finished.runs)
    started = time.monotonic()
    again = bench(*finished.line, "--runs", finished.runs, "--results", tmp_path)
    assert again.code == 0, again.err
    assert time.monotonic() - started < SECONDS_FROM_CACHE
    assert "stages are finished already" in again.err
    assert _stage_times(finished.runs) == before
    old, new = tree(finished.folder), tree(tmp_path / "micro")
    assert set(old) == set(new)
    assert [name for name in old if old[name] != new[name]] == [".hashes.json", "cells.jsonl"]  # the time of recording
    assert again.out == finished.ended.out


def test_a_policy_that_was_trained_on_another_kind_of_device_is_refused_by_its_stage(
    finished: Finished, tmp_path: Path
):
    """All was scored on the CPU, but what gave the rows of one seed was trained on a card."""
    shutil.copytree(finished.runs, tmp_path / "runs")
    records = [json.loads(line) for line in (finished.folder / "cells.jsonl").read_text().splitlines()]
    policy = next(cell["stages"]["policy"] for cell in records if (cell["label"], cell["seed"]) == ("simpo", 1))
    card = {"device_kind": "cuda"}
    reseal(tmp_path / "runs", policy, lambda record: {**record, "environment": {**record["environment"], **card}})
    line = ("compare", "simpo", "dpo", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs")
    ended = bench(*line, "--results", tmp_path / "results")
    assert ended.code == 2
    assert "simpo: its policy rests on stages that ran on cpu (sft/" in ended.err
    assert f"and cuda ({policy}); rows of different" in ended.err
    ended = bench(*line, "--results", tmp_path / "results", "--allow-mixed")
    assert ended.code == 0, ended.err
    assert "policy from cpu and cuda" in ended.out


def _stage_times(runs: Path) -> dict[Path, int]:
    """When each file below `runs/` was written, save what is kept of comparisons and of hashes, and who held what."""
    stages = [
        path for path in runs.rglob("*") if path.relative_to(runs).parts[0] not in ("comparisons", "leases", "hashes")
    ]
    return {path: path.stat().st_mtime_ns for path in stages}


def test_another_comparison_leaves_the_rows_of_the_first_in_the_files(finished: Finished, tmp_path: Path):
    shutil.copytree(finished.folder, tmp_path / "micro")
    ended = bench(
        *("compare", "simpo", "dpo", "--setting", MICRO, "--seeds", 1, "--baseline", "sft"),
        *("--runs", finished.runs, "--results", tmp_path),
    )
    assert ended.code == 0, ended.err
    assert [row[0] for row in table_rows(ended.out)] == ["sft", "simpo", "dpo"]
    assert (tmp_path / "micro" / "measurements.csv").read_bytes() == (finished.folder / "measurements.csv").read_bytes()
    old, new = (pd.read_csv(path / "comparisons.csv", dtype=str) for path in (finished.folder, tmp_path / "micro"))
    assert set(map(tuple, old.fillna("").to_numpy())) < set(map(tuple, new.fillna("").to_numpy()))
    assert set(new["methods"]) == {"ddo_rm dpo ipo@sum sft simpo", "dpo sft simpo"}
    assert "one seed: seed variance not estimated" in ended.out


def test_no_figure_of_an_older_request_lies_beside_a_newer_table(finished: Finished, tmp_path: Path):
    line = ("--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--results", tmp_path)
    assert bench("compare", "dpo", "--metrics", "auc", *line).code == 0
    figures = tmp_path / "micro" / "figures"
    assert len(list(figures.iterdir())) == 4
    (figures / "my own.png").write_bytes(b"mine")
    (figures / "auc_logp_sum.png").write_bytes(b"redrawn by hand")
    ended = bench("compare", "simpo", *line)
    assert ended.code == 0, ended.err
    assert {path.name for path in figures.iterdir()} == {
        *("pair_accuracy_logp_mean.png", "my own.png", "auc_logp_sum.png")
    }
    assert "auc_logp_sum.png: changed since it was written, so it is kept" in ended.err
    assert f"bench compare simpo --setting {MICRO} --seeds 1" in (tmp_path / "micro" / "report.md").read_text()


def statuses(ended) -> dict[str, str]:
    return {stage["stage"]: stage["status"] for stage in ended.json["stages"]}


def test_a_fourth_seed_costs_one_seed(finished: Finished):
    """A dry run tells the stages left; all of them belong to the new seed."""
    plan = bench(*finished.line, 4, "--runs", finished.runs, "--dry-run", "--json")
    found = statuses(plan)
    assert plan.json["cells"] == 4 * len(LABELS)
    assert {title for title, status in found.items() if status != "finished"} == {
        title for title in found if "seed 4" in title
    }
    assert sum("seed 4" in title for title in found) == 14


def test_a_sweep_over_beta_shares_sft_and_reference(finished: Finished, tmp_path: Path):
    line = ("compare", "dpo", "--setting", MICRO, "--seeds", 1, "--set", "method.hyper.beta=0.7")
    plan = bench(*line, "--runs", finished.runs, "--dry-run", "--json")
    assert statuses(plan) == {
        "sft seed 1": "finished",
        "reference log-probabilities seed 1": "finished",
        "dpo seed 1": "to run",
        "score dpo seed 1 on test": "to run",
        "score sft seed 1 on test": "finished",
    }
    runs = tmp_path / "runs"
    shutil.copytree(finished.runs, runs)
    assert set(finish(["dpo"], runs=runs, sets=["method.hyper.beta=0.7"]).values()) == {"done"}
    ended = bench(*line, "--runs", runs, "--results", tmp_path)
    assert ended.code == 0, ended.err
    rows = {row[0]: row for row in table_rows(ended.out)}
    assert "--set method.hyper.beta=0.7" in " ".join(rows["dpo"])
    assert "--set" not in " ".join(rows["sft"])
    assert bench(*line[:-2], "--runs", runs, "--results", tmp_path).code == 0
    tables = {
        name: pd.read_csv(tmp_path / "micro" / name, keep_default_na=False)
        for name in ("comparisons.csv", "measurements.csv")
    }
    for name, method in (("comparisons.csv", "candidate"), ("measurements.csv", "method")):
        own = tables[name][tables[name][method] == "dpo"]
        assert set(own["overrides"]) == {"", "method.hyper.beta=0.7"}
        assert (own["overrides"] == "").sum() * 2 == len(own), "the plain rows are all there, beside those of --set"
    sft = tables["measurements.csv"][tables["measurements.csv"]["method"] == "sft"]
    assert set(sft["overrides"]) == {""}, "SFT has no beta, so its row is the plain one"


def test_ipo_variants_are_two_rows(finished: Finished, tmp_path: Path):
    runs = tmp_path / "runs"
    shutil.copytree(finished.runs, runs)
    finish(["ipo@mean", "ipo@sum"], runs=runs)
    ended = bench(
        "compare",
        "ipo@mean",
        "ipo@sum",
        "--setting",
        MICRO,
        "--seeds",
        1,
        "--runs",
        runs,
        "--results",
        tmp_path,
        "--json",
    )
    assert ended.code == 0, ended.err
    sums = {row["candidate"]: row["values"] for row in ended.json["comparisons"] if row["metric"] == "chosen_mean"}
    assert set(sums) == {"ipo@mean", "ipo@sum", "sft"}
    assert sums["ipo@mean"] != sums["ipo@sum"]


def test_metrics_asked_for_are_shown_beside_the_headline(finished: Finished, tmp_path: Path):
    ended = bench(
        *("compare", "dpo", "simpo", "--setting", MICRO, "--seeds", 1, 2, "--metrics", "auc", "mean_margin/logp_sum"),
        *("--runs", finished.runs, "--results", tmp_path),
    )
    titles = [line for line in ended.out.splitlines() if " under " in line]
    assert [title.split(":")[0] for title in titles] == [
        "pair_accuracy under logp_mean",
        *(f"auc under {scoring}" for scoring in ("logp_mean", "logp_sum", "implicit")),
        "mean_margin under logp_sum",
    ]
    assert len(list((tmp_path / "micro" / "figures").iterdir())) == 5


# --- recipes --------------------------------------------------------------------------------------------------------


def recipe(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"name: {name}\nsetting: {MICRO}\n{text}\n")
    return path


def test_a_recipe_is_tuned_and_its_numbers_are_its_own(tmp_path: Path, finished: Finished):
    mine = recipe(tmp_path, "mine", "method: {name: dpo, hyper: {beta: 0.1}}")
    ended = bench("compare", mine, "--seeds", 1, "--runs", finished.runs, "--results", tmp_path, "--json")
    assert ended.code == 0, ended.err
    assert "finished already" in ended.err, "the same numbers as without a recipe are the same stages"
    assert {tuple(row["marks"]) for row in ended.json["comparisons"]} == {()}


def test_the_seeds_are_those_of_the_recipes_and_not_of_the_sft_row(tmp_path: Path, finished: Finished):
    mine = recipe(tmp_path, "mine", "method: {name: dpo}\nseeds: {list: [3, 1]}")
    other = recipe(tmp_path, "other", "method: {name: simpo}\nseeds: {list: [3, 1]}")
    ended = bench("compare", mine, other, "--runs", finished.runs, "--results", tmp_path, "--json")
    assert ended.code == 0, ended.err
    assert {tuple(row["seeds"]) for row in ended.json["comparisons"]} == {(3, 1)}


def test_recipes_of_different_seeds_are_refused_unless_seeds_are_named(tmp_path: Path, finished: Finished):
    mine = recipe(tmp_path, "mine", "method: {name: dpo}\nseeds: {list: [3, 1]}")
    other = recipe(tmp_path, "other", "method: {name: simpo}\nseeds: {list: [1, 2]}")
    ended = bench("compare", mine, other, "--runs", finished.runs, "--results", tmp_path)
    assert ended.code == 2
    assert "the recipes pin different seeds (dpo: 3 1; simpo: 1 2); name those to compare with --seeds" in ended.err


def test_recipes_that_change_the_setting_alike_are_compared_with_their_own_sft(tmp_path: Path):
    paths = [
        recipe(tmp_path, name, f"method: {{name: {name}}}\nsft: {{max_steps: 2}}\nseeds: {{list: [1]}}")
        for name in ("dpo", "simpo")
    ]
    status = finish(paths, runs=tmp_path / "runs")
    assert set(status.values()) == {"done"}
    assert sum(key.startswith("sft/") for key in status) == 1
    ended = bench("compare", *paths, "--runs", tmp_path / "runs", "--results", tmp_path)
    assert ended.code == 0, ended.err
    assert [row[0] for row in table_rows(ended.out)] == ["dpo", "simpo", "sft"]
    lock = next((tmp_path / "runs" / "sft").iterdir()) / "lock.yaml"
    assert "max_steps: 2" in lock.read_text()


@pytest.fixture(scope="module")
def unequal(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[object], Path]:
    """A command line on recipes of another SFT, which is refused, and the folder where all its stages are finished."""
    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions

    folder = tmp_path_factory.mktemp("unequal")
    mine = recipe(folder, "mine", "method: {name: dpo}\nsft: {max_steps: 2}")
    line = ["compare", "simpo", mine, "--setting", MICRO, "--seeds", 1]
    ended = bench(*line, "--runs", folder / "runs")
    assert ended.code == 2
    assert "dpo: sft.max_steps is 2, not 4" in ended.err
    request = CompareRequest(["simpo", str(mine)], str(MICRO), ["1"], allow_different=True)
    options = RunOptions("cpu", runs=folder / "runs")
    for spec in prepare_comparison(request, options).session.plan.stages.values():
        assert execute(spec, options.store, device="cpu").status == "done"
    return line, folder / "runs"


@pytest.mark.parametrize("baseline", ["simpo", "dpo"])
def test_an_audit_of_unequal_settings_marks_every_row_and_names_the_key(
    unequal: tuple[list[object], Path], tmp_path: Path, baseline: str
):
    line, runs = unequal
    audit = bench(
        *(*line, "--allow-different", "--baseline", baseline, "--json"), *("--runs", runs, "--results", tmp_path)
    )
    assert audit.code == 0, audit.err
    marks = {row["candidate"]: row["marks"] for row in audit.json["comparisons"]}
    assert all("audit: settings differ" in found for found in marks.values())
    differing = {label: [mark for mark in found if mark.startswith("differs in")] for label, found in marks.items()}
    if baseline == "simpo":
        assert differing == {"simpo": [], "dpo": ["differs in sft.max_steps is 2, not 4"], "sft": []}
    else:
        other = ["differs in sft.max_steps is 4, not 2"]
        assert differing == {"simpo": other, "dpo": [], "sft": other}


def test_sft_alone_is_a_table_of_one_row(finished: Finished, tmp_path: Path):
    ended = bench("compare", "sft", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--results", tmp_path)
    assert ended.code == 0, ended.err
    assert [row[0] for row in table_rows(ended.out)] == ["sft"]
