"""What may stand side by side, and how everything else is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.grid import Admission, MissingRunsError, contributions, make_grid
from benchbench.core.errors import BenchError, ExitCode

from ..rows import cell, score_frame, toy_cells


@pytest.fixture
def cells():
    return toy_cells({"dpo": 0.1, "simpo": 0.3, "sft": 0.0}, n=6)


def _changed(cells, label, **changes):
    return [dataclasses.replace(c, **changes) if c.label == label else c for c in cells]


def test_the_baseline_comes_first_and_the_seeds_are_sorted(cells):
    grid = make_grid(list(reversed(cells)), baseline="dpo")
    assert grid.labels == ("dpo", "sft", "simpo")
    assert grid.seeds == (13, 42, 3407)
    assert grid.examples == ("e0", "e1", "e2", "e3", "e4", "e5")
    assert len(grid.row("sft")) == 3


def test_the_seeds_may_be_given_in_the_order_of_the_table(cells):
    grid = make_grid(cells, baseline="dpo", admission=Admission(seeds=(42, 13, 3407)))
    assert grid.seeds == (42, 13, 3407)
    assert grid.row("dpo")[0] is grid.pairs["dpo", 42]


def test_a_hole_is_refused_in_these_words(cells):
    holed = [c for c in cells if (c.label, c.seed) != ("simpo", 13)]
    with pytest.raises(MissingRunsError) as refused:
        make_grid(holed, baseline="dpo")
    expected = "simpo: no finished run for seed 13. A comparison over unequal seeds would mislead, so none is made."
    assert str(refused.value) == expected
    assert refused.value.exit_code == ExitCode.INCOMPLETE == 4


def test_every_hole_is_named(cells):
    holed = [c for c in cells if (c.label, c.seed) not in {("simpo", 13), ("dpo", 3407), ("simpo", 42)}]
    with pytest.raises(MissingRunsError) as refused:
        make_grid(holed, baseline="dpo")
    assert refused.value.missing == (("dpo", 3407), ("simpo", 13), ("simpo", 42))
    assert str(refused.value).splitlines() == [
        "dpo: no finished run for seed 3407.",
        "simpo: no finished run for seeds 13, 42. A comparison over unequal seeds would mislead, so none is made.",
    ]


def test_a_seed_that_nobody_has_is_a_hole_when_it_was_asked_for(cells):
    with pytest.raises(MissingRunsError) as refused:
        make_grid(cells, baseline="dpo", admission=Admission(seeds=(13, 42, 3407, 7)))
    assert refused.value.missing == (("dpo", 7), ("simpo", 7), ("sft", 7))


def test_a_baseline_without_a_single_cell_is_unknown(cells):
    with pytest.raises(BenchError, match="unknown baseline 'smipo'. Did you mean 'simpo'"):
        make_grid(cells, baseline="smipo")


def test_different_settings_are_refused_by_label_and_key(cells):
    other = _changed(_changed(cells, "simpo", comparability_hash="h1"), "sft", comparability_hash="h2" * 9)
    with pytest.raises(BenchError) as refused:
        make_grid(other, baseline="dpo", admission=Admission(differing={"h1": "model.dtype"}))
    assert str(refused.value).splitlines() == [
        "comparison: 2 problems",
        "  simpo: its setting is not that of dpo; it differs in model.dtype",
        "  sft: its setting is not that of dpo; it differs in keys unknown (hash h2h2h2h2h2h2)",
    ]
    assert refused.value.exit_code == ExitCode.USAGE == 2


def test_as_an_audit_they_are_compared_and_every_row_is_marked(cells):
    other = _changed(cells, "simpo", comparability_hash="h1")
    grid = make_grid(other, baseline="dpo", admission=Admission(differing={"h1": "model.dtype"}, allow_different=True))
    assert grid.marks == {
        "dpo": ("audit: settings differ",),
        "simpo": ("audit: settings differ", "differs in model.dtype"),
        "sft": ("audit: settings differ",),
    }


@pytest.mark.parametrize("change", [{"device_kind": "cuda"}, {"engine": "vllm 0.31.0"}])
def test_different_devices_and_engines_are_refused_unless_allowed(cells, change):
    other = _changed(cells, "simpo", **change)
    with pytest.raises(BenchError, match="dpo, sft: scored with transformers on cpu") as refused:
        make_grid(other, baseline="dpo")
    assert refused.value.exit_code == ExitCode.USAGE
    marks = make_grid(other, baseline="dpo", admission=Admission(allow_mixed=True)).marks
    assert marks["dpo"] == ("scored with transformers on cpu",)
    assert next(iter(change.values())) in marks["simpo"][0]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("scorer_version", 2, "scorer version 1, found 2"), ("split", "validation", "split test, found validation")],
)
def test_rows_of_another_scorer_or_split_are_refused(cells, column, value, message):
    frame = cells[4].frame.assign(**{column: value})
    cells[4] = dataclasses.replace(cells[4], frame=frame)
    with pytest.raises(BenchError, match=f"simpo seed 42: expected .*{message}"):
        make_grid(cells, baseline="dpo")


def test_other_examples_are_refused_and_some_named(cells):
    frame = cells[0].frame
    fewer = cell("simpo", 13, frame[frame["example"] != "e3"])
    with pytest.raises(BenchError, match="simpo seed 13: its pairs are not those of dpo seed 13, for example e3"):
        make_grid([cells[0], fewer], baseline="dpo")


def test_as_many_but_other_examples_are_refused(cells):
    renamed = cells[0].frame.replace({"example": {"e3": "x3"}})
    with pytest.raises(BenchError, match="for example e3, x3; score both on the same pairs"):
        make_grid([cells[0], cell("simpo", 13, renamed)], baseline="dpo")


def test_exclusions_that_leave_different_pairs_are_refused(cells):
    flagged = cells[0].frame.copy()
    flagged.loc[2, "truncated"] = True
    pair = [cells[0], cell("simpo", 13, flagged)]
    assert len(make_grid(pair, baseline="dpo").examples) == 6
    with pytest.raises(BenchError, match="for example e1"):
        make_grid(pair, baseline="dpo", exclude=("truncated",))


def test_marks_of_the_cells_are_kept_without_repetition(cells):
    marked = _changed(cells, "simpo", untuned=True, marked="eta overridden")
    assert make_grid(marked, baseline="dpo").marks["simpo"] == ("untuned", "eta overridden")
    assert make_grid(marked, baseline="dpo").marks["dpo"] == ()


def test_faults_of_the_caller_are_value_errors(cells):
    with pytest.raises(ValueError, match="two for seed 13"):
        make_grid([*cells, cells[0]], baseline="dpo")
    with pytest.raises(ValueError, match="not among the seeds"):
        make_grid(cells, baseline="dpo", admission=Admission(seeds=(13, 42)))
    with pytest.raises(ValueError, match="score rows are of seed"):
        make_grid([cell("dpo", 13, score_frame([1.0], [0.0], seed=42))], baseline="dpo")


def test_contributions_are_a_row_of_numbers_per_cell_and_none_where_a_score_is_not_finite():
    cells = toy_cells({"dpo": 0.1}, seeds=(1, 2), n=20)
    cells[1].frame.loc[3, "logp_sum"] = float("nan")
    for name in ("pair_accuracy", "mean_margin"):
        values = contributions(cells, metrics.get(name), "logp_sum", exclude=(), tie_credit=0.5)
        assert values.shape == (2, 20)
        assert np.isfinite(values[0]).all() and np.isnan(values[1]).all()
