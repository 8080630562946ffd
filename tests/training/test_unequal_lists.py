"""Lists of unequal length in one step: every example keeps its own candidates, and the step is the sum of its parts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.batches.order import plan_batches
from benchbench.core.method import Over, Term, terms_of
from benchbench.training.checkpoint import trainable
from benchbench.training.gradients import denominators
from benchbench.training.loop import train
from benchbench.training.objective import MethodObjective
from benchbench.training.rows import StepRows
from benchbench.training.step_gradients import gradients_of_step

from .toys import OwnLoss, batches, caches, examples, furthest, model, toy, weights


def mixed(*lengths: int):
    """One example of each length, in this order."""
    made = [replace(examples(1, candidates=k, seed=i)[0], id=f"e{i}") for i, k in enumerate(lengths)]
    assert [len(example.candidates) for example in made] == list(lengths)
    return made


LENGTHS = (2, 5, 3, 2, 28, 3, 5, 2)


def one_step(folder, given, **options):
    """A run of one step that is over all examples, in the order given, unclipped."""
    step = {"global_batch_size": len(given), "data_order": "sequential", "max_grad_norm": 1e9, "max_steps": 1}
    return toy(folder, "ddo_rm", given=given, **(step | options))


def step_of(job):
    """All rows of a run in their order, as one step."""
    return StepRows(job.rows.examples, job.rows.costs)


def gradients(policy):
    return {name: parameter.grad.clone() for name, parameter in trainable(policy).items()}


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_step_over_lists_of_unequal_length_is_the_sum_of_its_examples(tmp_path, size):
    """Each example by itself, its loss divided by the step's number of examples."""
    given, method = mixed(*LENGTHS), methods.get("ddo_rm")
    made = one_step(tmp_path, given, per_device_train_batch_size=size)
    values, tokens = gradients_of_step(made.job, step_of(made.job), 0)
    found = gradients(made.model)

    policy = model()
    objective = MethodObjective(method, method.hyper(), policy, caches(given, method), torch.float64)
    total, real = 0.0, 0
    for example in given:
        batch = batches(method)([example])
        loss = terms_of(objective(batch)[0])["loss"].values.sum() / len(given)
        loss.backward()
        total, real = total + loss.item(), real + sum(len(row.tokens) for row in example.candidates)
    assert values["loss"].item() == pytest.approx(total, rel=1e-12) and tokens == real
    for name, expected in gradients(policy).items():
        torch.testing.assert_close(found[name], expected, rtol=1e-9, atol=1e-12)


def test_no_loss_sees_a_candidate_that_is_not_there(tmp_path):
    """Every row of every microbatch has response tokens, and together they are the candidates of the data."""
    given, seen = mixed(*LENGTHS), []
    made = one_step(tmp_path, given)

    def kept(batch):
        seen.append(batch)
        return made.job.objective(batch)

    train(replace(made.job, objective=OwnLoss(kept)))
    assert sum(batch.tokens.shape[0] * batch.tokens.shape[1] for batch in seen) == sum(LENGTHS)
    assert all(batch.response.any(dim=-1).all() for batch in seen)
    assert sorted(name for batch in seen for name in batch.ids) == sorted(example.id for example in given)


def test_terms_over_tokens_are_divided_by_those_of_the_whole_step():
    """Lists of 2 and 3 with one row each of known length: the counts are of both microbatches together."""
    given = mixed(2, 3)
    pieces = [batches()([example]) for example in given]
    lengths = [[row.response[1] - row.response[0] for row in example.candidates] for example in given]
    assert denominators(pieces) == {
        Over.EXAMPLES: 2,
        Over.RESPONSE_TOKENS: sum(map(sum, lengths)),
        Over.CHOSEN_TOKENS: sum(row[0] for row in lengths),
    }


def test_the_steps_hold_the_examples_that_equal_lists_would_give_them(tmp_path):
    """The order is drawn before anybody looks at the lists."""
    given, seen = mixed(*LENGTHS, *LENGTHS), []
    made = toy(tmp_path, "ddo_rm", given=given, global_batch_size=4, max_steps=4)

    def counted(part, following):
        seen.extend(example.id for example in part)
        return made.job.make_batch(part, following)

    train(replace(made.job, make_batch=counted))
    plan = {"steps": 4, "seed": 42, "order": "shuffled", "length_window": 1}
    for step, places in enumerate(plan_batches([1] * 16, batch=4, **plan)):
        assert sorted(seen[4 * step : 4 * step + 4]) == sorted(given[place].id for place in places)


def test_the_microbatch_size_changes_nothing_that_is_trained_or_logged(tmp_path):
    """Margins are logged over the pairs of a step, log-probabilities over its longer lists."""
    given, found = mixed(*LENGTHS), []
    for size in (1, 3, 8):
        made = toy(tmp_path / str(size), "ddo_rm", given=given, per_device_train_batch_size=size, max_steps=4)
        train(made.job)
        found.append(([json.loads(line) for line in made.log.splitlines()], weights(made.model)))
    for lines, parameters in found[1:]:
        assert furthest(found[0][1], parameters) < 1e-9
        for one, other in zip(found[0][0], lines, strict=True):
            assert one.keys() == other.keys() and {"logps/all", "rewards/margins"} <= one.keys()
            assert [other[key] for key in one] == pytest.approx([one[key] for key in one], rel=1e-4, abs=1e-4)


def test_a_term_over_response_tokens_weighs_every_token_of_the_step_alike(tmp_path):
    """Minus each token's log-probability, averaged over all tokens of all candidates."""
    given = mixed(2, 4, 3)
    plain = replace(methods.get("dpo"), needs=frozenset())

    def policies(scored, part):
        return MethodObjective(plain, None, scored, {}, torch.float64).scores(part).policy

    def objective(scored):
        return lambda part: ({"nll": Term(-policies(scored, part).sum().sum(dim=-1), Over.RESPONSE_TOKENS)}, {})

    made = one_step(tmp_path, given, objective=objective)
    values, _ = gradients_of_step(made.job, step_of(made.job), 0)
    rows = [policies(model(), batches()([example])) for example in given]
    tokens = torch.cat([row.token[row.response] for row in rows])
    assert values["loss"].item() == pytest.approx(-tokens.mean().item(), rel=1e-12)
