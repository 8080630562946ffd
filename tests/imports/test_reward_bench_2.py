"""RewardBench 2's score files: one correct response of four, ties share the credit, Ties has several correct ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.data.documents import read_document
from tests.imports.logs import write_json

CONTENT: dict[str, Any] = {
    "model": "org/m",
    "model_type": "Seq. Classifier",
    "chat_template": "tokenizer",
    "subset": ["Focus", "Focus", "Focus", "Ties", "Ties"],
    "id": ["1", "2", "3", "ref:1", "tied:1"],
    "scores": [[4, 1, 2, 3], [1, 1, 0, 0], [0, 1, 0, 0], [2, 1, 0, 0], [3, 1, 2, 0]],
    "num_correct": [1, 1, 1, 1, 2],
    "results": [1.0, 0.5, 0.0, None, None],
    "text": [["..."] * 4] * 5,
}


def read(path: Path, content: dict[str, Any]) -> list:
    document = read_document(write_json(path / "m.json", content))
    assert imports.get("reward_bench_2").recognises(document)
    return imports.get("reward_bench_2").read(document)


def test_credit_is_shared_among_the_best_by_hand(tmp_path: Path):
    """The last row's correct responses score 3 and 1, and another scores 2, so not all are above it."""
    (run,) = read(tmp_path, CONTENT)
    focus, ties = run.groups
    np.testing.assert_array_equal(focus.metrics["accuracy"].values, [1, 0.5, 0])
    np.testing.assert_array_equal(ties.metrics["accuracy"].values, [1, 0])
    assert focus.notes == () and "not the project's composite" in ties.notes[0]
    assert (run.model, ties.items) == ("org/m", ("ref:1", "tied:1"))


def test_every_row_that_contradicts_its_scores_is_named(tmp_path: Path):
    with pytest.raises(BenchError) as refused:
        read(tmp_path, CONTENT | {"results": [0.0, 0.5, 0.0, None, None], "num_correct": [1, 1, 1, 4, 2]})
    assert "row 1: results: expected 1 by its scores, found 0" in str(refused.value)
    assert "row 4: expected correct responses and others, found 4 of 4" in str(refused.value)
