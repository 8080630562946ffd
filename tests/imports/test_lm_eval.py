"""lm-evaluation-harness' sample logs: metrics per document, filters, hashes, and the results file beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.core.imported import ImportedRun
from benchbench.data.documents import read_document
from tests.imports.logs import DATE, sample, write_lines, write_log, write_results


def read(path: Path) -> ImportedRun:
    document = read_document(path)
    assert imports.get("lm_eval").recognises(document)
    (run,) = imports.get("lm_eval").read(document)
    return run


def test_a_log_is_one_task_named_by_its_file_and_its_model_by_the_folder(tmp_path: Path):
    run = read(write_log(tmp_path / "org__model", [1, 0, 1], task="mmlu_us_history"))
    (scores,) = run.groups
    assert (run.model, scores.group) == ("org__model", "mmlu_us_history")
    assert scores.items == ("doc 0", "doc 1", "doc 2")
    np.testing.assert_array_equal(scores.metrics["acc"].values, [1, 0, 1])
    assert (scores.metrics["acc"].unit, scores.metrics["acc"].direction) == ("fraction", "higher")
    assert len(scores.contents) == len(scores.conditions["prompt"]) == 3
    assert scores.settings == {} and "few-shot examples are not checked" in scores.notes[0]


def test_the_results_file_names_the_model_the_settings_and_the_direction(tmp_path: Path):
    path = write_log(tmp_path / "folder", [1, 0, 1, 1])
    write_results(tmp_path / "folder", "org/model", {"arc_easy": {"acc,none": 0.75}})
    run = read(path)
    assert run.model == "org/model"
    assert run.groups[0].settings["version of the task"] == "1.0"
    assert run.groups[0].settings["few-shot examples"] == "0"
    assert run.groups[0].notes == ()


def test_a_mean_that_is_not_the_project_s_is_refused(tmp_path: Path):
    path = write_log(tmp_path / "m", [1, 0, 1, 1])
    write_results(tmp_path / "m", "m", {"arc_easy": {"acc,none": 0.5}})
    with pytest.raises(BenchError, match="acc: expected the mean that its results file has, 0.5, found 0.75"):
        read(path)


def test_filters_are_metrics_of_their_own_and_the_first_is_the_main_one(tmp_path: Path):
    rows = [
        sample(k, {"exact_match": float(value)}, filtered=name)
        for name, values in (("strict-match", (1, 0)), ("flexible-extract", (1, 1)))
        for k, value in enumerate(values)
    ]
    run = read(write_lines(tmp_path / "m" / f"samples_gsm8k_{DATE}.jsonl", rows))
    metrics = run.groups[0].metrics
    assert list(metrics) == ["exact_match,strict-match", "exact_match,flexible-extract"]
    np.testing.assert_array_equal(metrics["exact_match,flexible-extract"].values, [1, 1])


def test_rows_are_put_in_the_order_of_their_documents(tmp_path: Path):
    rows = [sample(k, {"acc": float(k == 2)}) for k in (2, 0, 1)]
    run = read(write_lines(tmp_path / "m" / f"samples_a_{DATE}.jsonl", rows))
    assert run.groups[0].items == ("doc 0", "doc 1", "doc 2")
    np.testing.assert_array_equal(run.groups[0].metrics["acc"].values, [0, 0, 1])


def test_metrics_without_a_number_per_document_are_said(tmp_path: Path):
    """F1 has a pair per document, and a perplexity is made of log-likelihoods."""
    rows = [sample(k, {"acc": True, "f1": [1, 0], "perplexity": -3.5, "brier_score": 0.2}) for k in range(3)]
    run = read(write_lines(tmp_path / "m" / f"samples_a_{DATE}.jsonl", rows))
    scores = run.groups[0]
    assert list(scores.metrics) == ["acc", "brier_score"]
    assert scores.metrics["brier_score"].direction == "lower"
    assert scores.notes[0] == "a: not compared, since they have no number per document: f1, perplexity"


def test_a_metric_that_the_project_aggregates_in_another_way_is_left_out(tmp_path: Path):
    rows = [sample(k, {"acc": 1.0, "odd": 2.0}) for k in range(3)]
    path = write_lines(tmp_path / "m" / f"samples_a_{DATE}.jsonl", rows)
    write_results(tmp_path / "m", "m", {"a": {"acc,none": 1.0, "odd,none": 8.0}})
    assert list(read(path).groups[0].metrics) == ["acc"]


def test_older_logs_name_no_metrics(tmp_path: Path):
    rows = [
        {
            key: value
            for key, value in sample(k, {"acc": 1.0, "acc_norm": 0.0}).items()
            if key not in ("metrics", "filter")
        }
        for k in range(2)
    ]
    assert list(read(write_lines(tmp_path / f"samples_a_{DATE}.jsonl", rows)).groups[0].metrics) == ["acc", "acc_norm"]


def test_entries_that_documents_share_may_name_clusters(tmp_path: Path):
    scores = read(write_log(tmp_path, [1.0] * 20)).groups[0]
    assert list(scores.columns) == ["subject"], "a question is of one document, and all have the same answer"
    assert set(scores.columns["subject"]) == {f"s{k}" for k in range(5)}


def test_a_renamed_log_is_a_task_without_a_name(tmp_path: Path):
    run = read(write_log(tmp_path, [1.0, 0.0]).rename(tmp_path / "dpo.jsonl"))
    assert (run.model, run.groups[0].group) == ("dpo", "samples")


def test_null_is_no_number(tmp_path: Path):
    rows = [sample(k, {"acc": None if k else 1.0}) for k in range(2)]
    values = read(write_lines(tmp_path / f"samples_a_{DATE}.jsonl", rows)).groups[0].metrics["acc"].values
    np.testing.assert_array_equal(values, [1, np.nan])


def test_every_faulty_row_is_named_at_once(tmp_path: Path):
    bad = [sample(0, {"acc": 1.0}), sample(0, {"acc": 1.0}), sample(1, {}), sample(2, {"acc": 1.0}) | {"doc_id": "x"}]
    with pytest.raises(BenchError) as refused:
        read(write_lines(tmp_path / f"samples_a_{DATE}.jsonl", bad))
    assert "row 2: repeats document 0 of row 1" in str(refused.value)
    assert "row 3: expected a value of acc as in the first row, found none" in str(refused.value)
    assert "row 4: doc_id: expected a whole number, found 'x'" in str(refused.value)


def test_filters_over_other_documents_and_a_log_without_a_metric_are_refused(tmp_path: Path):
    rows = [sample(0, {"em": 1.0}, filtered="a"), sample(1, {"em": 1.0}, filtered="b")]
    with pytest.raises(BenchError, match="expected every document under every filter, found others under b"):
        read(write_lines(tmp_path / f"samples_a_{DATE}.jsonl", rows))
    with pytest.raises(BenchError, match="expected a metric with a number per document, found f1"):
        read(write_lines(tmp_path / f"samples_b_{DATE}.jsonl", [sample(0, {"f1": [1, 1]})]))
