"""What every transform promises, for every transform found in the room."""

from __future__ import annotations

import dataclasses
import inspect
import json

import pytest

from benchbench import transforms
from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.core.fields import field_docs
from benchbench.core.method import Candidates
from benchbench.data.column_shape import columns_of
from benchbench.data.serial import to_json
from benchbench.recipe.binding import bind

from .cases import CASES
from .toys import several, transformed

DRAWS_FOR_EACH = (
    "corrupted_prompts",
    "degrade",
    "flip_labels",
    "hindsight",
    "pairs_best_random",
    "pairs_rejection_sampling",
)


def plain(examples) -> list[str]:
    return [json.dumps(to_json(example)) for example in examples]


@pytest.fixture(params=transforms.names())
def name(request) -> str:
    return request.param


def run(name: str, seed: int = 0, examples=None):
    case = CASES[name]
    return transformed(name, case.examples if examples is None else examples, seed, **case.options)


def test_every_transform_has_a_case_and_every_case_a_transform():
    assert set(CASES) == set(transforms.names())


def test_the_same_seed_gives_the_same_examples(name: str):
    assert plain(run(name, 3)[0]) == plain(run(name, 3)[0])
    assert run(name, 3)[1] == run(name, 3)[1]


def test_another_seed_matters_to_a_transform_that_draws_and_to_no_other(name: str):
    results = {tuple(plain(run(name, seed)[0])) for seed in range(5)}
    assert (len(results) > 1) == transforms.get(name).random


def test_every_example_is_accounted_for(name: str):
    """Something comes out, and in - dropped + added is what comes out, which `transformed` checks, too."""
    become, counts = run(name)
    assert become
    assert len(become) == len(CASES[name].examples) - sum(counts.dropped.values()) + sum(counts.added.values())
    for counted in (counts.dropped, counts.added, counts.changed):
        assert all(type(count) is int and count > 0 and reason for reason, count in counted.items())


def test_what_comes_in_is_not_changed(name: str):
    before = plain(CASES[name].examples)
    run(name)
    assert plain(CASES[name].examples) == before


def test_nothing_becomes_nothing(name: str):
    become, counts = run(name, examples=[])
    assert (tuple(become), counts.dropped, counts.added, counts.changed) == ((), {}, {}, {})


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.sorts])
def test_examples_stay_in_their_order(name: str):
    places = {example.prompt[-1].content: place for place, example in reversed([*enumerate(CASES[name].examples)])}
    order = [
        next(place for question, place in places.items() if example.prompt[-1].content.endswith(question))
        for example in run(name)[0]
    ]
    if name != "pairs_from_unpaired":  # several examples of one prompt
        assert order == sorted(order)


def test_ids_are_unique_and_every_declared_column_is_there(name: str):
    become, _ = run(name)
    assert len({example.id for example in become}) == len(become)
    for example in become:
        assert set(transforms.get(name).makes_columns) <= columns_of(example).keys()


@pytest.mark.parametrize("name", DRAWS_FOR_EACH)
def test_leaving_out_other_examples_shifts_no_draw(name: str):
    """Transforms that treat each example by itself draw the same for it in any company."""
    whole = {line for line in plain(run(name)[0])}
    assert set(plain(run(name, examples=CASES[name].examples[5:9])[0])) <= whole


def test_a_column_that_is_not_there_is_refused_by_its_name(name: str):
    transform = transforms.get(name)
    for column in transform.reads(transform.options(**CASES[name].options)):
        with pytest.raises(BenchError, match=f"here: '{name}' reads the column '{column.name}', which example"):
            run(name, examples=[without(example, column.name) for example in CASES[name].examples])


def without(example: Example, column: str) -> Example:
    if column == "score":
        return dataclasses.replace(example, ratings=None)
    if column == "label":
        return dataclasses.replace(example, label=None)
    columns = {key: value for key, value in example.columns.items() if key != column}
    return dataclasses.replace(example, columns=columns)


@pytest.mark.parametrize("name", [n for n in transforms.names() if transforms.get(n).candidates is Candidates.PAIR])
def test_a_transform_of_pairs_refuses_three_candidates(name: str):
    transform = transforms.get(name)
    columns = {
        column.name: (1.0, 0.0, 0.0) if column.per == "candidate" else 1.0
        for column in transform.reads(transform.options(**CASES[name].options))
        if column.name != "score"
    }
    with pytest.raises(BenchError, match=f"'{name}' takes pairs, found 3 candidates in example x"):
        run(name, examples=[several("x", (1.0, 2.0, 3.0), **columns)])


def test_options_are_frozen_documented_and_bound_as_a_recipe_gives_them(name: str):
    options = transforms.get(name).options
    assert options.__dataclass_params__.frozen
    assert set(field_docs(options)) == {field.name for field in dataclasses.fields(options)}
    bound, faults = bind(options, CASES[name].options, where="here")
    assert faults == [] and bound == options(**CASES[name].options)


def test_a_transform_says_what_it_does_and_what_comes_out(name: str):
    transform = transforms.get(name)
    assert inspect.getdoc(transform.apply)
    assert transform.version >= 1


@pytest.mark.parametrize("name", ["flipped_contexts", "prepend_context", "reward_conditioned", "user_prefix"])
def test_a_text_before_the_prompt_stands_before_the_own_prompts_of_candidates(name: str):
    asked = tuple((Message("user", f"own question {k}"),) for k in range(2))
    become, _ = run(name, examples=[dataclasses.replace(example, prompts=asked) for example in CASES[name].examples])
    for example in become:
        assert example.prompts is not None
        before = example.prompt[:-1]
        assert all(prompt[:-1] == before for prompt in example.prompts)
        assert {prompt[-1].content for prompt in example.prompts} == {"own question 0", "own question 1"}


def test_declared_roles_and_spans_come_out(name: str):
    become, _ = run(name)
    parts = {part for example in become for part in (*(example.roles or ()), *example.spans)}
    assert set(transforms.get(name).makes_parts) <= parts or name == "degrade"  # which has them in one form


def test_the_transforms_that_make_a_column_are_named():
    assert transforms.making("p_chosen") == ("ensemble_labels", "route_labels", "soft_labels")
    assert transforms.making("rejected_after_chosen") == ("revision_prompts",)  # a role
    assert transforms.making("unchanged") == ("diff_spans",)  # spans
    assert transforms.making("nothing_makes_this") == ()
