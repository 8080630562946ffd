"""What every reward-model objective promises, for every one found in the room."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
import torch

from benchbench import reward_objectives
from benchbench.core.identity import plain
from benchbench.core.method import Candidates, terms_of
from benchbench.core.scores import UndeclaredInputError
from benchbench.recipe.binding import bind

from .toys import accepted, named, per_example, random_scores, rows_of

NAMES = reward_objectives.names()


@pytest.fixture(params=NAMES)
def made(request):
    """An objective with the hyper-parameters of a small head."""
    return named(request.param)


def inputs_of(scores):
    """Every tensor that a gradient reaches: outputs of response and prompt, states, free tensors."""
    tensors = [scores._outputs, scores._prompt, scores._states, *scores._tables.values()]
    return [tensor for tensor in tensors if tensor is not None]


def with_gradient(objective, hyper, **options):
    """Random scores whose tensors ask for gradients."""
    scores = random_scores(objective, hyper, **options)
    for tensor in inputs_of(scores):
        tensor.requires_grad_()
    return scores


def test_it_says_where_it_is_from_and_what_it_compares(made):
    objective, _ = made
    assert objective.paper.arxiv and objective.paper.note
    assert objective.family in {"pairwise", "pointwise", "listwise"}
    assert "L = " in objective.equation or "r = " in objective.equation
    assert all(len(line) <= 80 for line in objective.equation.splitlines())
    assert objective.open_question == "" or objective.open_question.endswith(".")
    assert objective.marks == (("form unverified",) if objective.open_question else ())
    assert all(field.default is not dataclasses.MISSING for field in dataclasses.fields(objective.hyper))


def test_hyper_parameters_come_back_from_a_recipe_as_they_were(made):
    objective, hyper = made
    again, faults = bind(objective.hyper, plain(hyper), where="reward_model.objective.hyper")
    assert faults == [] and again == hyper


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_loss_has_one_value_per_example_and_a_score_one_per_candidate(made, dtype):
    objective, hyper = made
    for candidates in accepted(objective):
        scores = random_scores(objective, hyper, examples=3, candidates=candidates, dtype=dtype)
        for term in terms_of(objective.loss(scores, hyper)).values():
            assert term.values.shape == (3,) and term.values.dtype == dtype
        assert objective.score(scores, hyper).shape == (3, candidates)


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1.0, 1e3])
def test_loss_score_and_gradient_are_finite(made, scale):
    objective, hyper = made
    scores = random_scores(objective, hyper, dtype=torch.float32)
    for tensor in inputs_of(scores):
        tensor.mul_(scale).requires_grad_()
    total = per_example(objective, hyper, scores).sum()
    slopes = torch.autograd.grad(total, inputs_of(scores), allow_unused=True)
    assert total.isfinite() and objective.score(scores, hyper).isfinite().all()
    assert all(slope.isfinite().all() for slope in slopes if slope is not None)


def test_gradients_are_those_of_finite_differences(made):
    objective, hyper = made
    scores = with_gradient(objective, hyper, examples=2)

    def total(*tensors):
        given = iter(tensors)
        parts = {
            name: None if getattr(scores, name) is None else next(given) for name in ("_outputs", "_prompt", "_states")
        }
        tables = {name: next(given) for name in scores._tables}
        return per_example(objective, hyper, replace(scores, _tables=tables, **parts)).sum()

    assert torch.autograd.gradcheck(total, inputs_of(scores))


def test_the_loss_depends_on_what_the_head_trains(made):
    """Everything but what is fitted after training, and the states that it is fitted from."""
    objective, hyper = made
    scores = with_gradient(objective, hyper)
    head = objective.head(hyper)
    trained = [scores._outputs, scores._prompt, *(scores._tables[n] for n, t in head.tables.items() if not t.fitted)]
    trained = [tensor for tensor in trained if tensor is not None]
    slopes = torch.autograd.grad(per_example(objective, hyper, scores).sum(), trained)
    assert trained and all(slope.abs().max() > 0 for slope in slopes)


def test_reordering_the_examples_reorders_loss_and_score(made):
    objective, hyper = made
    scores, order = random_scores(objective, hyper), [3, 0, 4, 2, 1]
    moved = rows_of(scores, order)
    torch.testing.assert_close(per_example(objective, hyper, moved), per_example(objective, hyper, scores)[order])
    torch.testing.assert_close(objective.score(moved, hyper), objective.score(scores, hyper)[order])


def test_an_example_does_not_see_its_neighbours(made):
    """Microbatches may cut a step anywhere."""
    objective, hyper = made
    scores = random_scores(objective, hyper)
    alone = rows_of(scores, slice(2, 3))
    torch.testing.assert_close(per_example(objective, hyper, alone), per_example(objective, hyper, scores)[2:3])
    torch.testing.assert_close(objective.score(alone, hyper), objective.score(scores, hyper)[2:3])


def swapped(scores):
    """The same example with its candidates the other way round."""
    turned = {name: c.flip(1) if c.ndim == 2 else c for name, c in scores._column.items()}
    parts = {
        name: part if part is None else part.flip(1)
        for name, part in [("_outputs", scores._outputs), ("_states", scores._states)]
    }
    return replace(scores, _column=turned, **parts)


def test_the_score_belongs_to_the_candidate_and_not_to_its_place(made):
    """What is scored does not know which response is the preferred one."""
    objective, hyper = made
    scores = random_scores(objective, hyper)
    torch.testing.assert_close(objective.score(swapped(scores), hyper), objective.score(scores, hyper).flip(1))


def test_a_reward_of_its_own_needs_no_candidate_beside_it(made):
    objective, hyper = made
    scores = random_scores(objective, hyper)
    first = {name: c[:, :1] if c.ndim == 2 else c for name, c in scores._column.items()}
    parts = {
        name: part if part is None else part[:, :1]
        for name, part in [("_outputs", scores._outputs), ("_states", scores._states)]
    }
    alone = objective.score(replace(scores, _column=first, **parts), hyper)
    kept = torch.allclose(alone, objective.score(scores, hyper)[:, :1])
    assert kept != objective.is_relative


@pytest.mark.parametrize("name", [name for name in NAMES if reward_objectives.get(name).is_shift_free])
def test_rewards_that_may_be_centred_are_free_up_to_a_number(name):
    objective, hyper = named(name)
    scores = random_scores(objective, hyper)
    if scores._outputs is None:
        columns = {name: c + 3.0 if c.ndim == 2 else c for name, c in scores._column.items()}
        moved = replace(scores, _column=columns)
    else:
        moved = replace(scores, _outputs=scores._outputs + 3.0)
    torch.testing.assert_close(per_example(objective, hyper, moved), per_example(objective, hyper, scores))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not reward_objectives.get(name).is_shift_free and name != "drm"]
)
def test_rewards_with_a_level_are_not(name):
    """DRM trains its plain head as Bradley-Terry, and rewards by directions that are fitted afterwards."""
    objective, hyper = named(name)
    scores = random_scores(objective, hyper)
    level = torch.linspace(0, 3, scores.outputs.shape[-1] or 1, dtype=torch.float64) + 1
    moved = replace(scores, _outputs=scores.outputs + level)
    assert not torch.allclose(per_example(objective, hyper, moved), per_example(objective, hyper, scores))


def test_a_declared_column_is_read_and_no_other(made):
    objective, hyper = made
    scores = random_scores(objective, hyper)
    for column in objective.columns(hyper):
        without = {name: c for name, c in scores._column.items() if name != column.name}
        with pytest.raises(UndeclaredInputError, match=column.name):
            objective.loss(replace(scores, _column=without), hyper)
    if objective.scored_columns(hyper):
        with pytest.raises(UndeclaredInputError):
            objective.score(replace(scores, _column={}), hyper)
    scored = {column.name for column in objective.scored_columns(hyper)}
    objective.score(replace(scores, _column={n: c for n, c in scores._column.items() if n in scored}), hyper)


@pytest.mark.parametrize("candidates", [1, 3])
@pytest.mark.parametrize("name", [n for n in NAMES if reward_objectives.get(n).candidates is Candidates.PAIR])
def test_only_pairs_are_accepted_where_a_pair_is_compared(name, candidates):
    objective, hyper = named(name)
    scores = random_scores(objective, hyper, candidates=candidates)
    with pytest.raises(ValueError, match=f"K = {candidates}"):
        objective.loss(scores, hyper)


def test_a_fit_gives_every_fitted_table_in_its_shape(made):
    objective, hyper = made
    tables = {name for name, table in objective.head(hyper).tables.items() if table.fitted}
    assert (objective.fit is not None) == bool(tables)
    if objective.fit is not None:
        scores = random_scores(objective, hyper)
        values = objective.fit(scores, hyper)
        assert {n: tuple(v.shape) for n, v in values.items()} == {n: tuple(scores.table(n).shape) for n in tables}
