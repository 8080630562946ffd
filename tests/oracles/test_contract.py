"""What every oracle promises, for every oracle found in the room."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

from benchbench import oracles
from benchbench.core.errors import BenchError
from benchbench.core.fields import field_docs
from benchbench.core.oracle import OracleContext
from benchbench.recipe.binding import bind

from .cases import CASES, TEXTS, toy_groups
from .toys import context, group, labelled

ASKED = [name for name in oracles.names() if oracles.get(name).gives != "nothing"]


def within(name: str, seed: int = 0, **fields) -> OracleContext:
    case = CASES[name]
    return context(seed, case.models(), None if case.writer is None else case.writer(), **fields)


def run(name: str, groups, seed: int = 0):
    return labelled(name, groups, within(name, seed), **CASES[name].options)


def test_every_oracle_has_a_case_and_every_case_an_oracle():
    assert set(CASES) == set(oracles.names())


@pytest.mark.parametrize("name", ASKED)
def test_every_group_is_labelled_as_the_oracle_declares(name: str):
    for labels in run(name, toy_groups(70)):
        if oracles.get(name).gives == "scores":
            assert labels.scores is not None and len(labels.scores) == len(TEXTS)
            assert set(labels.columns) >= set(oracles.get(name).makes_columns)
            assert labels.answers == sum(score is not None for score in labels.scores)
        else:
            assert labels.scores is None and labels.wins is not None
            assert set(labels.wins) <= {(0, 1), (0, 2), (1, 2)}
            assert labels.answers == len(labels.wins) == CASES[name].pairs


@pytest.mark.parametrize("name", ASKED)
def test_the_same_seed_gives_the_same_labels_in_any_company(name: str):
    groups = toy_groups(10)
    assert run(name, groups, 3) == run(name, groups, 3)
    assert run(name, groups[4:6], 3) == run(name, groups, 3)[4:6]


@pytest.mark.parametrize("name", [name for name in ASKED if name != "search"])
def test_no_groups_and_groups_without_two_responses_are_no_fault(name: str):
    assert run(name, []) == []
    empty, single = (dataclasses.replace(toy_groups(1)[0], responses=toy_groups(1)[0].responses[:k]) for k in (0, 1))
    for of_group, labels in zip((empty, single), run(name, [empty, single]), strict=True):
        expected = len(of_group.responses) if oracles.get(name).gives == "scores" else 0
        assert labels.answers == expected


@pytest.mark.parametrize("name", [name for name in ASKED if name != "judge"])
def test_an_oracle_that_is_to_stop_stops(name: str):
    """And gives what it has: the groups of whole batches."""
    stops = iter([False, True])
    oracle = oracles.get(name)
    labels = list(
        oracle.label(
            oracle.options(**CASES[name].options), toy_groups(200), within(name, should_stop=lambda: next(stops))
        )
    )
    assert 0 < len(labels) < 200


@pytest.mark.parametrize("name", oracles.names())
def test_a_model_is_read_only_where_it_is_declared(name: str):
    oracle = oracles.get(name)
    assert set(CASES[name].models()) == set(oracle.models)
    assert (CASES[name].writer is not None) == oracle.writes
    assert set(oracle.columns) <= set(toy_groups(1)[0].columns)
    if name in ASKED:
        run(name, toy_groups(1))


@pytest.mark.parametrize("name", [name for name in oracles.names() if oracles.get(name).source == "toy"])
def test_an_oracle_of_the_toy_world_refuses_another_prompt(name: str):
    with pytest.raises(BenchError, match=f"oracle {name}: example x is not of the toy world .*choose another oracle"):
        run(name, [group("a", "b", prompt="who are you?")])


@pytest.mark.parametrize("name", oracles.names())
def test_options_are_frozen_documented_and_bound_as_a_recipe_gives_them(name: str):
    oracle = oracles.get(name)
    assert oracle.options.__dataclass_params__.frozen
    fields = {field.name for field in dataclasses.fields(oracle.options)}
    assert set(field_docs(oracle.options)) == fields and oracle.handling <= fields
    bound, faults = bind(oracle.options, dict(CASES[name].options), where="here")
    assert faults == [] and bound == oracle.options(**CASES[name].options)
    assert inspect.getdoc(oracle.label)
    assert all(isinstance(pin, str) for pin in oracle.identity(bound, Path()).values())
