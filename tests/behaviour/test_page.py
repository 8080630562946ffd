"""The page and its figure follow from the committed table, and the table has every experiment."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from .experiments import EXPERIMENTS, SEEDS
from .page import FIGURE, PAGE, draw, outcomes, page


def test_every_recipe_of_every_experiment_has_a_row_with_every_seed():
    read = outcomes()
    assert list(read) == [experiment.name for experiment in EXPERIMENTS]
    for experiment in EXPERIMENTS:
        rows = read[experiment.name]
        assert {row.label for row in rows} == {row.label for row in experiment.rows} | {"sft"}
        for row in rows:
            assert (row.metric, row.scoring) == (experiment.metric, experiment.scoring)
            assert row.seeds == " ".join(map(str, SEEDS)) and len(row.values) == len(SEEDS)
            assert row.mean == pytest.approx(sum(row.values) / len(SEEDS), rel=1e-12)
            assert math.isnan(row.difference) == (row.label == row.baseline)


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(outcomes()), "run `python -m tests.behaviour.page --write`"
    assert FIGURE.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.1, 0.2, "above"), (-0.2, -0.1, "below"), (-0.1, 0.2, "no difference shown")]
)
def test_a_verdict_says_no_more_than_its_interval(low: float, high: float, said: str):
    row = outcomes()["chosen_logp"][1]
    assert replace(row, difference=(low + high) / 2, low=low, high=high).verdict == said


def test_the_figure_shows_every_rate_and_seed(tmp_path):
    draw(outcomes(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
