"""method_axes: every method has a tag on each of the four axes, from what it declares."""

from __future__ import annotations

import pytest

from benchbench import methods
from benchbench.analyses.method_axes import AXES, analyse, axes_of
from benchbench.core.analysis import NoOptions
from benchbench.core.method import Family


def test_every_method_has_a_tag_on_every_axis():
    tags, table = analyse({}, NoOptions()).tables
    assert [row["method"] for row in table.rows] == [*methods.names()]
    assert all(row[axis] for row in table.rows for axis in AXES)
    assert {row["axis"] for row in tags.rows} == {*AXES}


def test_a_tag_is_counted_once_for_each_method_that_has_it():
    tags, table = analyse({}, NoOptions()).tables
    for row in tags.rows:
        holders = [line for line in table.rows if row["tag"] in line[row["axis"]].split("; ")]
        assert row["methods"] == len(holders), row


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("dpo", ("pairs", "pairwise", "frozen reference", "never pays to lower the chosen log-probability")),
        ("simpo", ("pairs", "pairwise", "none declared", "never pays to lower the chosen log-probability")),
        ("tr_dpo", ("pairs", "pairwise", "reference that follows the policy", None)),
        ("kto", ("single responses with labels or rewards", "pointwise", "frozen reference", None)),
        ("rloo", (None, "responses drawn from the policy", None, None)),
    ],
)
def test_tags_of_known_methods(name: str, tags: tuple[str | None, ...]):
    axes = axes_of(methods.get(name))
    for axis, tag in zip(AXES, tags, strict=True):
        assert tag is None or tag in axes[axis], (axis, axes[axis])


def test_every_built_in_method_says_what_it_compares():
    """Else its framework would be guessed."""
    assert all(isinstance(methods.get(name).family, Family) for name in methods.names())
