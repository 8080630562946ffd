"""What every shaping promises, for every one found in the room."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import replace

import numpy as np
import pytest

from benchbench import shaping
from benchbench.core.fields import field_docs
from benchbench.core.identity import plain
from benchbench.core.shaping import SIGNALS, GroupSignals, known, shape_group
from benchbench.recipe.binding import bind

from .toys import GOLDEN, group, taken


@pytest.fixture(params=shaping.names())
def exhibit(request: pytest.FixtureRequest):
    return shaping.get(request.param)


def parts_of(values) -> list[np.ndarray]:
    return list(values) if isinstance(values, tuple) else [values]


def test_it_says_where_it_is_from_and_what_it_gives(exhibit):
    source = inspect.getdoc(inspect.getmodule(exhibit.shape))
    assert exhibit.paper.title and exhibit.paper.arxiv in source and str(exhibit.paper.year) in source
    assert exhibit.paper.note.endswith(".") and exhibit.equation
    assert all(0 < len(line) <= 80 for line in exhibit.equation.splitlines())
    assert all(text == "" or text.endswith(".") for text in (exhibit.open_question, exhibit.twin_of))
    assert bool(exhibit.twin_of) == exhibit.name.endswith("_twin")
    assert exhibit.needs <= set(SIGNALS) and (exhibit.needs or exhibit.columns)


def test_options_have_defaults_and_docs_and_come_back_from_a_recipe(exhibit):
    options = exhibit.options()
    assert set(field_docs(exhibit.options)) == {field.name for field in dataclasses.fields(options)}
    again, faults = bind(exhibit.options, plain(options), where="options")
    assert faults == [] and again == options


def test_numbers_out_of_range_are_refused_by_name(exhibit):
    for field in dataclasses.fields(exhibit.options):
        if isinstance(field.default, float):
            for wrong in (float("nan"), -1.0, float("inf")) if field.name != "alpha" else (float("nan"), -1.0):
                with pytest.raises(ValueError, match=f"^{field.name}: expected "):
                    exhibit.options(**{field.name: wrong})


@pytest.mark.parametrize("seed", range(5))
def test_it_gives_finite_numbers_of_the_right_shape(exhibit, seed):
    signals = group(exhibit, seed)
    parts = parts_of(shape_group(exhibit, exhibit.options(), signals))
    if exhibit.gives.startswith("token_"):
        lengths = [len(row) for row in getattr(signals, sorted(exhibit.needs - {"ended", "rewards"})[0])]
        assert [len(part) for part in parts] == lengths
    else:
        assert parts[0].shape == (4,)


def test_it_changes_nothing_and_gives_the_same_twice(exhibit):
    signals, again = group(exhibit, 1), group(exhibit, 1)
    results = [parts_of(shape_group(exhibit, exhibit.options(), signals)) for _ in range(2)]
    assert all(np.array_equal(first, second) for first, second in zip(*results, strict=True))
    for name in exhibit.needs:
        values = zip(parts_of(getattr(signals, name)), parts_of(getattr(again, name)), strict=True)
        assert all(np.array_equal(before, after) for before, after in values)


def test_the_order_of_responses_does_not_matter(exhibit):
    signals, order = group(exhibit, 2), [2, 0, 3, 1]
    plain_order, moved = (
        parts_of(shape_group(exhibit, exhibit.options(), part)) for part in (signals, taken(signals, order))
    )
    if exhibit.gives.startswith("token_"):
        assert all(np.allclose(moved[place], plain_order[row]) for place, row in enumerate(order))
    else:
        np.testing.assert_allclose(moved[0], plain_order[0][order])


def test_what_it_declares_is_read_and_nothing_else(exhibit):
    signals = group(exhibit, 3)
    for name in exhibit.needs:
        with pytest.raises(LookupError, match=f"reads '{name}'"):
            exhibit.shape(exhibit.options(), replace(signals, **{name: None}))
    for name in exhibit.columns:
        with pytest.raises(KeyError, match=name):
            exhibit.shape(
                exhibit.options(), GroupSignals(columns={k: v for k, v in signals.columns.items() if k != name})
            )


def test_every_shaping_has_golden_values_or_an_open_question(exhibit):
    assert (GOLDEN / f"{exhibit.name}.json").exists() or exhibit.open_question


# The function that applies one.


def test_a_signal_that_is_not_there_is_named():
    rto = shaping.get("rto")
    with pytest.raises(ValueError, match="shaping 'rto': expected guide, rewards of the group, found none"):
        shape_group(rto, rto.options(), replace(group(rto), guide=None, rewards=None))
    otc = shaping.get("otc")
    with pytest.raises(ValueError, match="expected column calls, column correct of the group, found none"):
        shape_group(otc, otc.options(), GroupSignals())


def test_wrong_shapes_and_infinite_numbers_are_refused():
    spo = shaping.get("spo_minimax")
    of_pairs = replace(spo, shape=lambda options, signals: known(signals.wins, "wins"))
    with pytest.raises(ValueError, match=r"expected rewards, got shapes \[\(4, 4\)\]"):
        shape_group(of_pairs, spo.options(), group(spo))
    infinite = replace(spo, shape=lambda options, signals: np.full(4, np.inf))
    with pytest.raises(ValueError, match="expected finite numbers"):
        shape_group(infinite, spo.options(), group(spo))


def test_it_sees_what_it_declares_and_no_more():
    spo = shaping.get("spo_minimax")
    reads_more = replace(spo, shape=lambda options, signals: known(signals.rewards, "rewards"))
    with pytest.raises(LookupError, match="reads 'rewards'; declare it in Shaping.needs"):
        shape_group(reads_more, spo.options(), replace(group(spo), rewards=np.zeros(4)))
