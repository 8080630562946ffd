"""alpaca_eval's annotations: preferences become win rates, failed verdicts stay visible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.core.imported import VERDICT
from benchbench.data.documents import read_document
from tests.imports.logs import annotation, write_json


def read(path: Path, rows: list[dict]) -> list:
    document = read_document(write_json(path / "annotations.json", rows))
    assert imports.get("alpaca_eval").recognises(document)
    return imports.get("alpaca_eval").read(document)


def test_preferences_become_win_rates_by_hand(tmp_path: Path):
    """1 is lost, 2 is won, 0 and 1.5 are draws, null is missing; 1.25 counts 0.25, and as a loss when rounded."""
    rows = [annotation(k, "m", p) for k, p in enumerate([1.0, 2.0, 0, 1.5, None, 1.25])]
    (run,) = read(tmp_path, rows)
    (scores,) = run.groups
    assert (run.model, scores.group, scores.lacks) == ("m", "alpaca_eval", VERDICT)
    np.testing.assert_array_equal(scores.metrics["win_rate"].values, [0, 1, 0.5, 0.5, np.nan, 0.25])
    np.testing.assert_array_equal(scores.metrics["discrete_win_rate"].values, [0, 1, 0.5, 0.5, np.nan, 0])
    assert next(iter(scores.metrics)) == "win_rate"
    assert scores.settings == {
        "judge": "weighted_alpaca_eval_gpt4_turbo",
        "the judge's baseline": "gpt4_1106_preview",
    }
    assert scores.columns["dataset"][:2] == ("koala", "helpful_base")


def test_a_file_of_several_models_is_several_runs(tmp_path: Path):
    runs = read(tmp_path, [annotation(k, model, 2.0) for model in ("a", "b") for k in range(3)])
    assert [run.model for run in runs] == ["a", "b"]


def test_a_repeated_instruction_and_a_preference_that_is_none_are_refused(tmp_path: Path):
    with pytest.raises(BenchError, match="row 2: repeats the instruction of row 1"):
        read(tmp_path, [annotation(1, "m", 2.0), annotation(1, "m", 1.0)])
    with pytest.raises(BenchError, match="row 1: preference: expected 0"):
        read(tmp_path, [annotation(1, "m", 50.0)])
