"""Arena-Hard's judgments: two games per prompt, a strong verdict counted three times in the project's score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.data.documents import read_document
from tests.imports.logs import judgment, write_lines


def read(path: Path, rows: list[dict]) -> list:
    document = read_document(write_lines(path / "m.jsonl", rows))
    assert imports.get("arena_hard").recognises(document)
    return imports.get("arena_hard").read(document)


def test_verdicts_become_points_by_hand(tmp_path: Path):
    """First game: A is the baseline, so B>>A is won three times; second game: A is the model."""
    rows = [
        judgment("u1", "m", "B>>A", "A>B"),
        judgment("u2", "m", "A>>B", "A=B"),
        judgment("u3", "m", "A<B", "B>A"),
        judgment("u4", "m", None, "A>B"),
    ]
    (run,) = read(tmp_path, rows)
    (scores,) = run.groups
    score = scores.metrics["score"]
    np.testing.assert_array_equal(score.values, [4, 0.5, 1, np.nan])
    assert score.weights is not None
    np.testing.assert_array_equal(score.weights, [4, 4, 2, 4])
    np.testing.assert_array_equal(scores.metrics["win_rate"].values, [1, 0.25, 0.5, np.nan])
    assert (scores.group, scores.settings) == ("hard_prompt", {"judge": "gpt-4.1", "the judge's baseline": "o3-mini"})


def test_the_score_is_the_mean_of_the_rows_that_the_project_makes(tmp_path: Path):
    """`show_result.py` repeats a strong verdict three times and takes the mean over all rows."""
    rng = np.random.default_rng(3)
    verdicts = ["A>>B", "A>B", "A=B", "B>A", "B>>A"]
    rows = [judgment(f"u{k}", "m", *rng.choice(verdicts, 2).tolist()) for k in range(50)]
    points = {"A>>B": [1, 1, 1], "A>B": [1], "A=B": [0.5], "B>A": [0], "B>>A": [0, 0, 0]}
    exploded = [
        point
        for row in rows
        for point in points[row["games"][1]["score"]] + [1 - p for p in points[row["games"][0]["score"]]]
    ]
    (run,) = read(tmp_path, rows)
    score = run.groups[0].metrics["score"]
    assert score.weights is not None
    assert score.values.sum() / score.weights.sum() == pytest.approx(np.mean(exploded), abs=1e-12)


def test_the_first_release_names_questions_and_no_category(tmp_path: Path):
    row = {key: value for key, value in judgment("q", "m", "A>B", "A>B").items() if key not in ("uid", "category")}
    (run,) = read(tmp_path, [row | {"question_id": "q1"}])
    assert run.groups[0].group == "arena_hard" and run.groups[0].items == ("q1",)


def test_categories_are_groups(tmp_path: Path):
    rows = [judgment("u", "m", "A>B", "A>B"), judgment("u", "m", "A>B", "A>B", category="creative_writing")]
    (run,) = read(tmp_path, rows)
    assert [group.group for group in run.groups] == ["hard_prompt", "creative_writing"]


def test_every_faulty_row_is_named_at_once(tmp_path: Path):
    rows = [
        judgment("u1", "m", "A>B", "A>B"),
        judgment("u1", "m", "A>B", "A>B"),
        judgment("u2", "m", "better", "A>B"),
        judgment("u3", "m", "A>B", "A>B") | {"games": []},
    ]
    with pytest.raises(BenchError) as refused:
        read(tmp_path, rows)
    assert "row 2: repeats the prompt of row 1" in str(refused.value)
    assert "row 3: expected a verdict such as A>>B or A=B, or null; found 'better'" in str(refused.value)
    assert "row 4: expected two games" in str(refused.value)


def test_two_judges_in_one_file_are_refused(tmp_path: Path):
    rows = [judgment("u1", "m", "A>B", "A>B"), judgment("u2", "m", "A>B", "A>B", judge="other")]
    with pytest.raises(BenchError, match="expected one judge and one baseline, found judge: gpt-4.1, other"):
        read(tmp_path, rows)
