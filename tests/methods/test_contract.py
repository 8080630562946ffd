"""What every method promises, for every method found in the room.

`bench methods check` looks at a user's method with `benchbench.contract`; the same checks are run here on our own, at
every preset. Below them stands only what they do not look at. Scores hold what a method declares and nothing else, so a
loss that reads more fails in each of these tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench import methods
from benchbench.contract.run import CHECKS, run_once
from benchbench.core.method import Candidates, terms_of
from benchbench.core.scores import Logps, Scores, UndeclaredInputError

from .toys import (
    declared,
    low_columns,
    one_token,
    random_logps,
    random_scores,
    taken,
    usual_candidates,
    with_policy_tokens,
)

PRESETS = [(name, variant) for name in methods.names() for variant in methods.get(name).variants]


@pytest.fixture(params=PRESETS, ids="@".join)
def preset(request):
    """A method with the hyper-parameters of one of its variants."""
    method = methods.get(request.param[0])
    return method, method.hyper(**method.variants[request.param[1]])


def per_example(method, scores: Scores, hyper=None) -> torch.Tensor:
    """[B] sum of the terms, whatever they are averaged over."""
    terms = terms_of(method.loss(scores, hyper or method.hyper()))
    return torch.stack([term.values for term in terms.values()]).sum(dim=0)


# What the package checks, as `bench methods check` does for a method of a user: shapes, dtypes, finite numbers,
# gradients, padding, order, microbatches, monotony, declared inputs, numbers of candidates.


def test_the_contract_holds(preset):
    assert run_once(*preset) is None
    assert [(name, str(breach)) for name, check in CHECKS.items() for breach in check(*preset)] == []


# What must not matter, and what must.


COUPLED = [name for name in methods.names() if methods.get(name).is_coupled(methods.get(name).hyper())]


@pytest.mark.parametrize("name", COUPLED)
def test_a_coupled_method_sees_the_whole_step(name):
    """Else it would not have to be given whole steps; that the others see no neighbour is checked above."""
    method = methods.get(name)
    scores = random_scores(method)
    together = per_example(method, scores)
    alone = torch.cat([per_example(method, taken(scores, slice(i, i + 1))) for i in range(len(together))])
    assert (alone - together).abs().max() > 0


@pytest.mark.parametrize("name", [name for name in methods.names() if not methods.get(name).monotone_in_chosen])
def test_a_method_that_is_not_monotone_says_why_and_is_not(name):
    """Sweep the chosen log-probability from `start` to 0, the rejected one at `start`, a reward and a label against it.

    Reference and further policies stand where the sweep starts. A loss that turns further off than 30 nats is swept
    from -3000: upwards from the reference, and, for a turn among pairs that are ranked wrongly, up to it. A loss in
    which both responses cancel where the rejected one is at its reference is swept with that one 10 nats below; one
    whose weight falls with the likelihood is swept from -3. A soft label against it may still weigh more for it than
    against it, so one at the very end of its range is tried too.
    """
    method = methods.get(name)
    assert method.monotone_reason.endswith(".")
    candidates = usual_candidates(method)

    def rises(share: float, start: float, chosen_reference: float, rejected_reference: float) -> bool:
        swept = [
            declared(
                method,
                one_token(*[chosen, *[start] * candidates][:candidates]),
                reference=one_token(*[chosen_reference, *[rejected_reference] * candidates][:candidates]),
                reward=torch.tensor([[0.0, *[1.0] * candidates]])[:, :candidates],
                columns=low_columns(method, share),
            )
            for chosen in torch.linspace(start, 0, 31).tolist()
        ]
        swept = [
            replace(scores, _anchors=dict.fromkeys(scores._anchors, one_token(*[start] * candidates)))
            for scores in swept
        ]
        found = [per_example(method, scores).item() for scores in swept]
        return max(after - before for before, after in zip(found, found[1:], strict=False)) > 1e-12

    sweeps = [(-30.0, -30.0, -30.0), (-3000.0, -3000.0, -3000.0), (-3000.0, 0.0, -3000.0), (-30.0, -30.0, -20.0)]
    sweeps += [(-3.0, 0.0, -3.0)]
    assert any(rises(share, *sweep) for share in (0.2, 0.0) for sweep in sweeps) or rises_with_tokens(method)


def rises_with_tokens(method) -> bool:
    """Whether a chosen response of several tokens, each raised half-way to 0, costs more somewhere."""
    pairs = []
    for seed in range(20):
        scores = random_scores(method, seed)
        token = scores.policy.token.clone()
        token[:, 0] /= 2
        pairs.append((per_example(method, scores), per_example(method, with_policy_tokens(scores, token))))
    return any((after > before + 1e-12).any() for before, after in pairs)


# What is declared.


def test_reading_what_was_not_declared_is_refused():
    scores = Scores(one_token(-1.0, -2.0))
    for read in (lambda: scores.reference, lambda: scores.reward, lambda: scores.column("p_chosen")):
        with pytest.raises(UndeclaredInputError, match="declare"):
            read()


OF_LISTS = [name for name in methods.names() if methods.get(name).candidates is Candidates.ANY]
WITHOUT_ROLES = [name for name in OF_LISTS if not methods.get(name).roles]


@pytest.mark.parametrize("name", [name for name in OF_LISTS if methods.get(name).fewest_candidates == 1])
def test_a_pointwise_method_takes_a_candidate_whatever_the_others_are(name):
    """One by itself, and in a list its slope does not move when the others' log-probabilities do."""
    method = methods.get(name)
    slopes = []
    for factor in (1.0, 0.5):
        scores = random_scores(method, candidates=3)
        token = scores.policy.token.clone()
        token[:, 1:] *= factor
        token.requires_grad_()
        total = per_example(method, with_policy_tokens(scores, token)).sum()
        slopes.append(torch.autograd.grad(total, token)[0][:, 0])
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-12, atol=0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(4)))
@pytest.mark.parametrize("name", WITHOUT_ROLES)
def test_the_order_in_which_candidates_stand_in_a_list_does_not_matter(name, seed, order):
    """Rewards and columns move with them, and no two rewards are equal."""
    method, order = methods.get(name), list(order)
    scores = random_scores(method, seed, candidates=4)

    def moved(logps):
        return logps and Logps(logps.token[:, order], logps.response[:, order])

    shuffled = Scores(
        moved(scores.policy),
        moved(scores._reference),
        _behaviour=moved(scores._behaviour),
        _reward=None if scores._reward is None else scores._reward[:, order],
        _column={name: column[:, order] if column.ndim == 2 else column for name, column in scores._column.items()},
        _token_weights={name: weights[:, order] for name, weights in scores._token_weights.items()},
        _value=None if scores._value is None else scores._value[:, order],
        _head=None if scores._head is None else scores._head[:, order],
    )
    for overrides in method.variants.values():
        hyper = method.hyper(**overrides)
        found, expected = per_example(method, shuffled, hyper), per_example(method, scores, hyper)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(method.reward(shuffled, hyper), method.reward(scores, hyper)[:, order])


def test_the_toy_responses_differ_in_length():
    """Else the padding and averaging tests would prove little."""
    assert len(random_logps(1).length().unique()) > 2
