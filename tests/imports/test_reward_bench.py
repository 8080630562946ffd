"""RewardBench's score files: pairs by subset, ties wrong as the project counts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.data.documents import read_document
from tests.imports.logs import reward_scores, write_json, write_lines

PAIRS = {"alpacaeval-easy": [(2.0, 1.0), (1.0, 1.0)], "hep-cpp": [(0.0, 3.0)]}


def read(path: Path) -> list:
    document = read_document(path)
    assert imports.get("reward_bench").recognises(document)
    return imports.get("reward_bench").read(document)


def test_pairs_are_grouped_by_subset_and_a_tie_is_wrong(tmp_path: Path):
    (run,) = read(write_json(tmp_path / "m.json", reward_scores("org/m", PAIRS)))
    easy, code = run.groups
    assert (run.model, easy.group, code.group) == ("org/m", "alpacaeval-easy", "hep-cpp")
    np.testing.assert_array_equal(easy.metrics["accuracy"].values, [1, 0])
    np.testing.assert_array_equal(easy.metrics["pair_accuracy"].values, [1, 0.5])
    np.testing.assert_array_equal(code.metrics["margin"].values, [-3])
    assert easy.remarks == {"chat template": "tulu"}


def test_scores_may_stand_in_lists_of_one(tmp_path: Path):
    scores = reward_scores("m", PAIRS)
    scores["scores_chosen"] = [[value] for value in scores["scores_chosen"]]
    (run,) = read(write_json(tmp_path / "m.json", scores))
    np.testing.assert_array_equal(run.groups[0].metrics["accuracy"].values, [1, 0])


def test_lines_of_two_scores_are_named_by_the_file_and_paired_by_line(tmp_path: Path):
    (run,) = read(
        write_lines(tmp_path / "m_all.jsonl", [{"chosen": 1.0, "rejected": 0.0}, {"chosen": 0, "rejected": 1}])
    )
    (scores,) = run.groups
    assert (run.model, scores.items) == ("m", ("line 1", "line 2"))
    assert "paired by line" in scores.notes[0]


def test_a_score_that_is_not_finite_has_no_accuracy(tmp_path: Path):
    scores = reward_scores("m", {"a": [(float("nan"), 1.0), (2.0, 1.0)]})
    (run,) = read(write_json(tmp_path / "m.json", scores))
    np.testing.assert_array_equal(run.groups[0].metrics["accuracy"].values, [np.nan, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"results": [0, 0, 0]}, "results, row 1 .1 in all.: expected 1 where chosen scores higher"),
        ({"scores_chosen": [1.0]}, "expected columns of one length"),
        ({"id": None}, "id: expected a list with an entry per row, found none"),
        ({"scores_chosen": [None, 1.0, 2.0]}, "scores_chosen, row 1 .1 in all.: expected a number, found None"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change: dict, message: str):
    with pytest.raises(BenchError, match=message):
        read(write_json(tmp_path / "m.json", reward_scores("m", PAIRS, **change)))
