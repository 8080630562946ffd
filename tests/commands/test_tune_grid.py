"""Grids of values, and how they grow."""

from __future__ import annotations

import pytest

from benchbench.commands.tune.grid import edge_notes, parse_grid, settings_of, widen
from benchbench.core.errors import BenchError


def test_a_grid_is_every_combination_with_the_last_key_fastest():
    grid = settings_of(parse_grid(["a.b=1,2", "c=x,y"]))
    assert [[(o.key, o.value) for o in point] for point in grid] == [
        [("a.b", 1), ("c", "x")],
        [("a.b", 1), ("c", "y")],
        [("a.b", 2), ("c", "x")],
        [("a.b", 2), ("c", "y")],
    ]


def test_all_faults_of_a_grid_are_told_at_once():
    with pytest.raises(BenchError, match="3 problems"):
        parse_grid(["a=1", "b", "c=1,2", "c=3,4"])


def grown(grid: list[str], place: int) -> list[object]:
    """Values of the only axis after the setting at a place was chosen."""
    axes = parse_grid(grid)
    (axis,) = widen(axes, settings_of(axes)[place]).axes
    return [value.value for value in axis]


def test_an_edge_grows_by_the_ratio_of_its_last_two_values():
    """2e-4 / 3.5e-4 below 2e-4 is 1.14286e-4; 5e-4 / 3.5e-4 above 5e-4 is 7.14286e-4; the middle is no edge."""
    grid = ["preference.learning_rate=2e-4,3.5e-4,5e-4"]
    assert grown(grid, 0) == [1.14286e-4, 2e-4, 3.5e-4, 5e-4]
    assert grown(grid, 1) == [2e-4, 3.5e-4, 5e-4]
    assert grown(grid, 2) == [2e-4, 3.5e-4, 5e-4, 7.14286e-4]
    assert grown(["a=0.4,0.2,0.1"], 2) == [0.4, 0.2, 0.1, 0.05], "a grid may fall"


def test_each_axis_grows_by_itself():
    axes = parse_grid(["a=1,2,4", "b=1,10,100"])
    wider = widen(axes, settings_of(axes)[6 + 1])  # a = 4, b = 10
    assert [[value.value for value in axis] for axis in wider.axes] == [[1, 2, 4, 8], [1, 10, 100]]
    assert [value.text for value in wider.added] == ["a=8.0"] and wider.notes == ()


@pytest.mark.parametrize("grid", ["a=0,0.1", "a=x,y", "a=true,false", "a=-1,1", "a=2,2"])
def test_values_without_a_ratio_do_not_grow_and_it_is_said(grid: str):
    axes = parse_grid([grid])
    wider = widen(axes, settings_of(axes)[0])
    assert wider.axes == axes and wider.added == ()
    assert "has no ratio to grow by" in wider.notes[0]


@pytest.mark.parametrize(
    ("grid", "place", "said"),
    [
        ("a.b=1,2,4", 0, "a.b=1 is the smallest value of its axis, so a better one may lie beyond; --widen adds one"),
        ("a.b=1,2,4", 2, "a.b=4 is the largest value of its axis"),
        ("a.b=4,1,2", 0, "a.b=4 is the largest value of its axis"),
        ("a.b=1,2,4", 1, ""),
        ("a.b=4,1,2", 2, ""),
        ("a.b=true,false", 0, ""),
        ("a.b=linear,cosine", 1, ""),
    ],
)
def test_a_number_at_the_edge_is_warned_of(grid: str, place: int, said: str):
    """Whatever the order in which values are preferred; names and truth values have no edge."""
    axes = parse_grid([grid])
    notes = edge_notes(axes, (axes[0][place],), widened=False)
    assert len(notes) == bool(said) and all(note.startswith(said) for note in notes)
    again = edge_notes(axes, (axes[0][place],), widened=True)
    assert all(note.endswith("give a wider grid") and "--widen" not in note for note in again)
