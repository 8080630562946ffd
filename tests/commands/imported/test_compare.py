"""`bench compare --from`: whole command lines on synthetic and real results of other tools."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from harness import Ended, bench
from scipy import stats

from benchbench import exports
from benchbench.imports.lm_eval.results import ResultsBeside
from tests.exports.responses import ANSWERS, prompt_set, responses
from tests.imports.logs import (
    annotation,
    judgment,
    reward_scores,
    write_json,
    write_lines,
    write_log,
    write_results,
)

RNG = np.random.default_rng(5)
HARD = RNG.random(200)
JUDGE = "weighted_alpaca_eval_gpt4_turbo"


def right(shift: float) -> list[float]:
    """[200] right or wrong of a model; hard items are hard for all."""
    return (0.5 + shift + 0.15 * RNG.standard_normal(200) > HARD).astype(float).tolist()


def logs(folder: Path, shots: int = 0, **models: list[float]) -> list[Path]:
    """A folder per model with a log of one task and its results file."""
    for model, values in models.items():
        write_log(folder / model, values, shots=shots)
        write_results(folder / model, model, {"arc_easy": {"acc,none": float(np.mean(values))}})
    return [folder / model for model in models]


def compared(*args: object) -> list[dict[str, Any]]:
    """The rows of `bench compare --from ... --json`."""
    ended = bench("compare", "--from", *args, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["comparisons"]


def refused(*args: object, code: int = 2) -> str:
    """What `bench` says of a command line that it refuses."""
    ended: Ended = bench("compare", *args)
    assert ended.code == code and ended.out == "" and "Traceback" not in ended.err, ended.err
    return " ".join(ended.err.split())


def test_logs_of_two_models_give_a_paired_difference(tmp_path: Path):
    a, b = right(0.0), right(0.1)
    base, row = compared(*logs(tmp_path, base=a, tuned=b))
    assert (base["candidate"], row["candidate"], row["scoring"], row["metric"]) == ("base", "tuned", "arc_easy", "acc")
    difference = np.array(b) - np.array(a)
    plain = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert row["difference"] == pytest.approx(difference.mean(), abs=1e-12)
    assert (row["low"], row["high"]) == pytest.approx((plain.low, plain.high), abs=2e-3)
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    exact = stats.binomtest(min(wins, losses), wins + losses, 0.5).pvalue
    mid_p = exact - stats.binom.pmf(min(wins, losses), wins + losses, 0.5)
    assert row["p"] == pytest.approx(mid_p, abs=1e-12) and row["p_holm"] == row["p"], "one row is a family of one"
    assert row["minimum_detectable_difference"] > 0
    assert "one run of each: variance over training seeds is unknown" in row["note"]


def test_the_table_says_what_it_is_at_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    ended = bench("compare", "--from", *logs(tmp_path, base=right(0.0), tuned=right(0.1), other=right(0.0)))
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "acc on arc_easy: fraction, higher is better; baseline base"
    assert lines[1].split() == ["model", "mean", "difference", "[95%]", "p", "Holm", "MDD", "n"]
    assert [line.split()[0] for line in lines[3:6]] == ["base", "tuned", "other"]
    assert "p Holm: McNemar's mid-p where every item is right or wrong" in ended.text
    assert "corrected over 2 differences" in ended.text
    assert ended.text.count("variance over training seeds is unknown") == 1


def test_several_tasks_are_one_family_beside_all_their_items(tmp_path: Path):
    values = {(m, t): right(s) for m, s in (("a", 0.0), ("b", 0.1)) for t in ("x", "y", "z")}
    for (model, task), numbers in values.items():
        write_log(tmp_path / model, numbers, task=task)
    rows = compared(tmp_path / "a", tmp_path / "b")
    assert [row["scoring"] for row in rows[::2]] == ["all items", "x", "y", "z"]
    tested = [row for row in rows if row["candidate"] == "b"]
    assert tested[0]["n"] == 600 and tested[0]["p_holm"] == tested[0]["p"]
    p = sorted(row["p"] for row in tested[1:])
    holm = np.maximum.accumulate(np.minimum(1, np.array(p) * [3, 2, 1]))
    assert sorted(row["p_holm"] for row in tested[1:]) == pytest.approx(holm.tolist(), abs=1e-12)
    assert [row["scoring"] for row in compared(tmp_path / "a", tmp_path / "b", "--tasks", "y")] == ["y", "y"]


def test_a_cluster_column_widens_what_rests_on_few_subjects(tmp_path: Path):
    folders = logs(tmp_path, a=right(0.0), b=right(0.1))
    alone, clustered = compared(*folders)[1], compared(*folders, "--cluster", "subject")[1]
    assert (alone["prompts"], clustered["prompts"]) == (200, 5)
    assert clustered["difference"] == pytest.approx(alone["difference"])
    assert clustered["interval_method"] == "t over clusters of items"


def test_training_seeds_are_crossed_with_items(tmp_path: Path):
    words = []
    for model, shift in (("dpo", 0.0), ("simpo", 0.1)):
        for seed in (1, 2, 3):
            words.append(f"{model}={write_log(tmp_path / model / f'run{seed}', right(shift))}")
    row = compared(*words, "--seed-of", "dpo", "simpo")[1]
    assert row["seeds"] == [1, 2, 3] and row["runs"] == 3 and len(row["values"]) == 3
    assert row["interval_method"] == "crossed t over seeds and items"
    assert "training seeds" not in row["note"] and row["decision"]["seeds_needed"] is not None


def test_a_model_that_was_trained_once_stands_beside_seeds_of_another(tmp_path: Path):
    words = [write_log(tmp_path / "base", right(0.0))]
    words += [f"dpo-seed{seed}={write_log(tmp_path / str(seed), right(0.1))}" for seed in (1, 2, 3)]
    row = compared(*words)[1]
    assert row["runs"] == 3 and row["seeds"] == [1, 2, 3] and row["baseline_values"][0] == row["baseline_values"][2]
    assert "base is one run at all 3 seeds: a spread of its runs is not in the interval" in row["note"]


def test_a_row_that_lacks_a_seed_is_refused(tmp_path: Path):
    words = [f"{m}-seed{s}={write_log(tmp_path / m / str(s), right(0))}" for m, s in (("a", 1), ("a", 2), ("b", 1))]
    assert "b: no run for seed 2. A comparison over unequal seeds would mislead" in refused("--from", *words, code=4)


def test_a_headline_of_one_s_own_and_further_tables(tmp_path: Path):
    for model in ("a", "b"):
        write_json(tmp_path / f"{model}.json", [annotation(k, model, 1 + float(HARD[k])) for k in range(40)])
    rows = compared(
        tmp_path / "a.json", tmp_path / "b.json", "--headline", "discrete_win_rate", "--metrics", "longer_rate"
    )
    assert [row["metric"] for row in rows] == ["discrete_win_rate"] * 2 + ["longer_rate"] * 2
    assert rows[1]["p_holm"] is not None and rows[3]["p_holm"] is None
    assert "unknown metric of alpaca_eval 'acc'" in refused("--from", tmp_path, "--headline", "acc")
    assert "unknown metric 'acc'" in refused("--from", tmp_path, "--metrics", "acc")


def test_judgments_made_of_what_we_export_are_read_back(tmp_path: Path):
    """Our answers with a stub's verdicts: the model wins where its answer is longer than ten characters."""
    uids = [f"{place:016x}" for place in range(5)]
    for model, flip in (("dpo-seed1", False), ("simpo-seed1", True)):
        files = exports.get("arena_hard").files(responses(prompt_set(uids), model=model))
        answers = [json.loads(line) for text in files.values() for line in text.splitlines()]
        rows = []
        for line in answers:
            wins = (len(line["messages"][1]["content"]["answer"]) > 10) != flip
            rows.append(judgment(line["uid"], line["model"], "B>A" if wins else "A>B", "A>B" if wins else "B>A"))
        write_lines(tmp_path / f"{model}.jsonl", rows)
    base, row = compared(tmp_path / "dpo-seed1.jsonl", tmp_path / "simpo-seed1.jsonl")
    share = float(np.mean([len(answer) > 10 for answer in ANSWERS]))
    assert (base["candidate"], base["mean"]) == ("dpo", pytest.approx(share))
    assert row["mean"] == pytest.approx(1 - share) and row["n"] == 5


def test_leaderboards_are_compared_without_pairs_and_say_so(tmp_path: Path):
    (tmp_path / "board.csv").write_text(
        ",win_rate,standard_error,n_total,length_controlled_winrate\nm1,50.0,1.5,805,48.0\nm2,44.0,1.5,805,47.0\n"
    )
    ended = bench("compare", "m2", "m1", "--from", tmp_path / "board.csv", "--metrics", "length_controlled_winrate")
    assert ended.code == 0, ended.err
    assert "win_rate on alpaca_eval: fraction, higher is better; baseline m2" in ended.out
    assert "Welch, unpaired: the files have no items" in ended.text
    assert "lc_standard_error leaves out the judge's noise" in ended.text
    assert "n/a" in ended.out.split("length_controlled_winrate on")[1]


def test_what_means_alone_cannot_obey_is_refused(tmp_path: Path):
    (tmp_path / "board.csv").write_text(",win_rate,standard_error,n_total\nm1,50.0,1.5,805\nm2,44.0,1.5,805\n")
    said = refused("--from", tmp_path / "board.csv", "--cluster", "dataset", "--allow-different")
    assert "--cluster, --allow-different: the files have means alone" in said
    assert "unknown task 'arc'. Known: alpaca_eval" in refused("--from", tmp_path / "board.csv", "--tasks", "arc")


def test_tasks_without_a_shared_main_metric_have_no_mean_over_all_items(tmp_path: Path):
    for model in ("a", "b"):
        write_log(tmp_path / model, right(0.0), task="x")
        write_log(tmp_path / model, right(0.0), task="y", metric="exact_match")
    assert [row["scoring"] for row in compared(tmp_path / "a", tmp_path / "b")[::2]] == ["x", "y"]
    for model in ("c", "d"):  # rewards of two scales: a margin in one subset is none in another
        write_log(tmp_path / model, right(0.0), task="x", metric="margin")
        write_log(tmp_path / model, [7 * v for v in right(0.0)], task="y", metric="margin")
    assert [row["scoring"] for row in compared(tmp_path / "c", tmp_path / "d")[::2]] == ["x", "y"]


def test_verdicts_that_failed_are_left_out_everywhere_and_bounded(tmp_path: Path):
    """B agrees with a, which wins 30 of 60, but for items 0 to 2, of which a wins one: 29 to 32 of 60."""
    for model in ("a", "b"):
        rows = [annotation(k, model, None if model == "b" and k < 3 else 1.0 + k % 2) for k in range(60)]
        write_json(tmp_path / f"{model}.json", rows)
    _, row = compared(tmp_path / "a.json", tmp_path / "b.json")
    assert row["n"] == 57
    assert "3 of 60 items without a verdict are left out of every row (b 3)" in row["note"]
    assert "with each lost or won the difference could be -0.0167 to +0.0333" in row["note"]


def test_runs_that_cannot_stand_side_by_side_are_refused(tmp_path: Path):
    a = right(0.0)
    first, second = logs(tmp_path / "zero", a=a, b=a)
    (short,) = logs(tmp_path / "short", c=a[:150])
    (five,) = logs(tmp_path / "five", shots=5, d=a)
    assert (
        "c, arc_easy: expected the 200 items of a, found 50 missing (doc 150, doc 151, doc 152 and 47 more)"
        in refused("--from", first, short)
    )
    said = refused("--from", first, five)
    assert "d, arc_easy, prompt: 200 of 200 are not those of a: few-shot examples, template" in said
    marked = bench("compare", "--from", first, five, "--allow-different")
    assert marked.code == 0 and "audit: settings differ" in marked.text and "differs in prompt" in marked.text
    write_log(first, a, date="2026-03-02T10-00-00.000001")
    assert "a, arc_easy: is in" in refused("--from", first, second)


def test_another_version_of_a_task_is_refused(tmp_path: Path):
    first, second = logs(tmp_path, a=right(0.0), b=right(0.0))
    path = next(second.glob("results_*"))
    path.write_text(path.read_text().replace('"arc_easy": 1.0', '"arc_easy": 2.0'))
    assert "b, arc_easy, version of the task: expected 1.0 as a has it, found 2.0" in refused("--from", first, second)


def test_two_judges_are_refused(tmp_path: Path):
    for model, judge in (("a", "one"), ("b", "two")):
        write_json(tmp_path / f"{model}.json", [annotation(k, model, 2.0, annotator=judge) for k in range(5)])
    assert "b, alpaca_eval, judge: expected one as a has it, found two" in refused("--from", tmp_path)


def test_items_and_means_are_not_mixed(tmp_path: Path):
    write_json(tmp_path / "a.json", reward_scores("a", {"s": [(1.0, 0.0)] * 3}))
    write_json(tmp_path / "b.json", {"model": "b", "chat_template": "c", "s": 0.5})
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    assert "b: the file has means alone, others have items; give files of one kind" in refused("--from", *files)
    assert "found a alone; NAME=FILE names runs apart; left alone: 1 file" in refused("--from", tmp_path)


@pytest.mark.parametrize("values", [[1.0] * 30, [0.0] * 30], ids=["always right", "never right"])
def test_constant_scores_have_numbers_and_an_interval_of_some_width(tmp_path: Path, values: list[float]):
    row = compared(*logs(tmp_path, a=values, b=values))[1]
    assert row["difference"] == 0 and row["low"] < 0 < row["high"] and "no spread to measure" in row["note"]


def test_one_item_has_a_note_and_no_interval(tmp_path: Path):
    row = compared(*logs(tmp_path, a=[1.0], b=[0.0]))[1]
    assert row["difference"] == -1 and row["low"] is None and "one item" in row["note"]


def test_no_verdict_at_all_is_no_number(tmp_path: Path):
    for model in ("a", "b"):
        write_json(tmp_path / f"{model}.json", [annotation(k, model, None) for k in range(4)])
    row = compared(tmp_path / "a.json", tmp_path / "b.json")[1]
    assert row["mean"] is None and row["n"] == 0 and "no items" in row["note"] and "4 of 4 items" in row["note"]


def test_nan_leaves_its_row_undefined(tmp_path: Path):
    write_log(tmp_path / "a", [1.0, 0.0, 1.0])
    write_log(tmp_path / "b", [1.0, math.nan, 1.0])
    row = compared(tmp_path / "a", tmp_path / "b")[1]
    assert row["mean"] is None and "1 of 3 items have no number" in row["note"]


def test_nan_beside_a_results_file_is_no_other_run(tmp_path: Path):
    for model, values in (("a", [1.0, 0.0, 1.0]), ("b", [1.0, math.nan, 1.0])):
        write_log(tmp_path / model, values)
        write_results(tmp_path / model, model, {"arc_easy": {"acc,none": float(np.mean(values))}})
    assert compared(tmp_path / "a", tmp_path / "b")[1]["mean"] is None


def test_a_metric_is_better_the_way_that_its_own_task_says(tmp_path: Path):
    beside = ResultsBeside({"higher_is_better": {"x": {"score": True}, "y": {"score": False}}})
    assert (beside.direction("x", "score"), beside.direction("y", "score")) == ("higher", "lower")


def test_tasks_are_clusters_of_all_items_alone(tmp_path: Path):
    for model, shift in (("a", 0.0), ("b", 0.1)):
        for task in ("x", "y", "z"):
            write_log(tmp_path / model, right(shift), task=task)
    rows = compared(tmp_path / "a", tmp_path / "b", "--cluster", "group")
    assert [(row["scoring"], row["prompts"]) for row in rows] == [("all items", 3), ("all items", 3)]
    assert "expected several tasks with one metric" in refused(
        "--from", tmp_path / "a", tmp_path / "b", "--tasks", "x", "--cluster", "group"
    )


def test_what_a_further_table_leaves_out_is_said(tmp_path: Path):
    for model, shift in (("a", 0.0), ("b", 0.1)):
        write_log(tmp_path / model, right(shift), task="x")
        write_log(tmp_path / model, right(shift), task="y", metric="exact_match")
    ended = bench("compare", "--from", tmp_path / "a", tmp_path / "b", "--metrics", "exact_match", "--json")
    assert "exact_match: no metric of x, left out there" in json.loads(ended.out)["notes"]


def test_seeds_that_nothing_needs_to_be_told_are_refused(tmp_path: Path):
    words = [f"{m}={write_log(tmp_path / m, right(0.0))}" for m in ("a", "b", "c")]
    assert "--seed-of: c: not among the rows" in refused("a", "b", "--from", *words, "--seed-of", "c")
    assert "--seed-of a: has one run alone" in refused("--from", *words, "--seed-of", "a")


def test_options_of_training_are_refused_with_files_and_those_of_files_without():
    assert "--setting, --seeds: --from reads finished results and trains nothing" in refused(
        "--from", "x.json", "--setting", "tiny", "--seeds", 1
    )
    assert "--headline: only read with --from FILE" in refused("dpo", "simpo", "--headline", "acc")
    assert "expected methods or recipes, or files of other tools with --from" in refused()
    assert "no such file" in refused("--from", "none.json", code=5)


@pytest.mark.shared_data
def test_real_annotations_give_the_published_win_rates_and_a_paired_interval(shared: Path, tmp_path: Path):
    """Two models under AlpacaEval 2's judge; the published errors make an unpaired interval that is wider."""
    models = ("alpaca-7b", "FuseChat-Gemma-2-9B-Instruct")
    rows: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    with gzip.open(shared / "alpaca_eval" / f"candidates.{JUDGE}.jsonl.gz", "rt", encoding="utf-8") as handle:
        for line in map(json.loads, handle):
            for candidate in line["candidates"]:
                if candidate["model"] in rows:
                    rows[candidate["model"]].append(
                        {
                            "instruction": line["prompt"][0]["content"],
                            "output_1": line["reference"]["text"],
                            "generator_1": line["reference"]["model"],
                            "output_2": candidate["text"],
                            "generator_2": candidate["model"],
                            "annotator": line["judge"],
                            "preference": None if candidate["score"] is None else 1 + candidate["score"],
                        }
                    )
    paths = [write_json(tmp_path / model / "annotations.json", rows[model]) for model in models]
    base, row = compared(*paths)
    published = pd.read_csv(shared / "alpaca_eval" / f"leaderboard.{JUDGE}.csv", index_col=0)
    for of_model, model in ((base, models[0]), (row, models[1])):
        assert 100 * of_model["mean"] == pytest.approx(published.loc[model, "win_rate"], abs=1e-6)
    scores = [np.array([r["preference"] for r in rows[model]], dtype=float) for model in models]
    plain = stats.ttest_rel(scores[1], scores[0]).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((plain.low, plain.high), abs=2e-3)
    unpaired = math.hypot(*(published.loc[model, "standard_error"] / 100 for model in models))
    assert (row["high"] - row["low"]) / 2 < 1.97 * unpaired
