"""What every method promises, for every method found in the room.

Scores hold what a method declares and nothing else, so a loss that reads more fails in each of these tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench import methods
from benchbench.contract.run import CHECKS
from benchbench.core.method import Candidates, terms_of
from benchbench.core.scores import Logps, Scores, UndeclaredInputError

from .toys import (
    accepted_candidates,
    declared,
    lengthened,
    low_columns,
    of_step,
    one_token,
    random_logps,
    random_scores,
    taken,
    usual_candidates,
    with_policy_tokens,
)

PRESETS = [(name, variant) for name in methods.names() for variant in methods.get(name).variants]


@pytest.fixture(params=methods.names())
def method(request):
    return methods.get(request.param)


@pytest.fixture(params=PRESETS, ids="@".join)
def preset(request):
    """A method with the hyper-parameters of one of its variants."""
    method = methods.get(request.param[0])
    return method, method.hyper(**method.variants[request.param[1]])


def per_example(method, scores: Scores, hyper=None) -> torch.Tensor:
    """[B] sum of the terms, whatever they are averaged over."""
    terms = terms_of(method.loss(scores, hyper or method.hyper()))
    return torch.stack([term.values for term in terms.values()]).sum(dim=0)


# What the package itself checks, as `bench methods check` does for a method of a user's.


@pytest.mark.parametrize("check", CHECKS)
def test_the_contract_holds(preset, check):
    assert [str(breach) for breach in CHECKS[check](*preset)] == []


# Shapes and numbers.


def test_a_loss_has_one_value_per_example_and_a_reward_one_per_candidate(preset):
    method, hyper = preset
    for candidates in accepted_candidates(method):
        scores = random_scores(method, candidates=candidates, examples=3)
        for term in terms_of(method.loss(scores, hyper)).values():
            assert term.values.shape == (3,)
        assert method.reward(scores, hyper).shape == (3, candidates)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("other", [torch.float32, torch.float64])
def test_the_dtype_is_the_policys(preset, dtype, other):
    """Rewards and columns may come in another precision; the reference does not."""
    method, hyper = preset
    scores = random_scores(method, dtype=dtype)
    reward = None if scores._reward is None else scores._reward.to(other)
    columns = {name: column.to(other) for name, column in scores._column.items()}
    scores = replace(scores, _reward=reward, _column=columns)
    assert {term.values.dtype for term in terms_of(method.loss(scores, hyper)).values()} == {dtype}
    assert method.reward(scores, hyper).dtype == dtype


EXTREMES = {
    "as sampled": lambda token: token,
    "certain of every token": torch.zeros_like,
    "nearly certain": lambda token: token * 1e-9,
    "certain of the chosen": lambda token: token * (torch.arange(token.shape[1]) != 0)[:, None],
    "certain of the rejected": lambda token: token * (torch.arange(token.shape[1]) != 1)[:, None],
    "hopeless": lambda token: token * 1e3,
}


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_reward_and_gradient_are_finite(preset, extreme, dtype):
    method, hyper = preset
    scores = random_scores(method, dtype=dtype)
    token = EXTREMES[extreme](scores.policy.token).to(dtype).requires_grad_()
    scores = with_policy_tokens(scores, token)
    total = of_step(method.loss(scores, hyper), scores.policy)
    (slope,) = torch.autograd.grad(total, token)
    assert total.isfinite() and slope.isfinite().all() and method.reward(scores, hyper).isfinite().all()


def test_a_policy_equal_to_its_reference_has_a_finite_loss_and_gradient(preset):
    """The first step of every run; averages of zeros are where public code returned NaN."""
    method, hyper = preset
    scores = random_scores(method)
    token = (scores._reference or scores.policy).token.clone().requires_grad_()
    total = of_step(method.loss(with_policy_tokens(scores, token), hyper), scores.policy)
    (slope,) = torch.autograd.grad(total, token)
    assert total.isfinite() and slope.isfinite().all()


def test_the_loss_depends_on_the_policy(preset):
    method, hyper = preset
    scores = random_scores(method)
    token = scores.policy.token.clone().requires_grad_()
    (slope,) = torch.autograd.grad(of_step(method.loss(with_policy_tokens(scores, token), hyper), scores.policy), token)
    assert slope.abs().max() > 0


# What must not matter, and what must.


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), by=st.integers(1, 9))
@pytest.mark.parametrize("name", methods.names())
def test_padding_changes_nothing(name, seed, by):
    method = methods.get(name)
    scores = random_scores(method, seed)
    longer = lengthened(scores, by)
    torch.testing.assert_close(per_example(method, longer), per_example(method, scores), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(method.reward(longer, method.hyper()), method.reward(scores, method.hyper()))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(5)))
@pytest.mark.parametrize("name", methods.names())
def test_reordering_the_examples_reorders_the_loss(name, seed, order):
    method = methods.get(name)
    scores, order = random_scores(method, seed), list(order)

    shuffled = taken(scores, order)
    torch.testing.assert_close(per_example(method, shuffled), per_example(method, scores)[order], rtol=1e-12, atol=0)


def test_an_example_does_not_see_its_neighbours_unless_the_method_says_so(method):
    """Microbatches may cut a step anywhere, but for a coupled method, which is given whole steps."""
    scores = random_scores(method)
    together = per_example(method, scores)
    if method.coupled:
        alone = torch.cat([per_example(method, taken(scores, slice(i, i + 1))) for i in range(len(together))])
        assert (alone - together).abs().max() > 0
        return
    alone = taken(scores, slice(2, 3))
    torch.testing.assert_close(per_example(method, alone), together[2:3])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
@pytest.mark.parametrize("name", [name for name in methods.names() if methods.get(name).monotone_in_chosen])
def test_raising_the_chosen_log_probability_never_raises_the_loss(name, seed, share):
    method = methods.get(name)
    scores = random_scores(method, seed)
    raised = scores.policy.token.clone()
    raised[:, 0] *= share
    for overrides in method.variants.values():
        hyper = method.hyper(**overrides)
        before = per_example(method, scores, hyper)
        after = per_example(method, with_policy_tokens(scores, raised), hyper)
        if method.coupled:  # the loss of an example is what its place in the step gives it
            before, after = before.sum(), after.sum()
        assert (after <= before + 1e-12).all()


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


def test_a_declared_input_is_read(method):
    """Each need and column, once taken away, is missed: nothing is built in vain."""
    scores = random_scores(method)
    empty = {"_column": {}, "_anchors": {}, "_carried": {}, "_token_weights": {}}
    declared_fields = {f"_{need.name}" for need in method.declared}
    declared_fields |= {"_head"} if method.head is not None else set()
    declared_fields |= {"_carried"} if method.carried is not None else set()
    declared_fields |= {"_token_weights"} if method.token_weights else set()
    for name in declared_fields:
        with pytest.raises(UndeclaredInputError, match="declare"):
            per_example(method, replace(scores, **{name: empty.get(name)}))


def test_reading_what_was_not_declared_is_refused():
    scores = Scores(one_token(-1.0, -2.0))
    for read in (lambda: scores.reference, lambda: scores.reward, lambda: scores.column("p_chosen")):
        with pytest.raises(UndeclaredInputError):
            read()


@pytest.mark.parametrize("candidates", [1, 3, 4])
@pytest.mark.parametrize("name", [name for name in methods.names() if methods.get(name).candidates is Candidates.PAIR])
def test_only_pairs_are_accepted_where_a_pair_is_compared(name, candidates):
    method = methods.get(name)
    with pytest.raises(ValueError, match=f"K = {candidates}"):
        method.loss(random_scores(method, candidates=candidates), method.hyper())


@pytest.mark.parametrize("name", [name for name in methods.names() if methods.get(name).candidates is Candidates.ONE])
def test_a_method_of_one_candidate_ignores_the_others(name):
    method = methods.get(name)
    scores = random_scores(method, candidates=3)
    token = scores.policy.token.clone().requires_grad_()
    (slope,) = torch.autograd.grad(per_example(method, with_policy_tokens(scores, token)).sum(), token)
    assert slope[:, 0].abs().max() > 0 and slope[:, 1:].abs().max() == 0


OF_LISTS = [name for name in methods.names() if methods.get(name).candidates is Candidates.ANY]
WITHOUT_ROLES = [name for name in OF_LISTS if not methods.get(name).roles]


@pytest.mark.parametrize("name", [name for name in OF_LISTS if methods.get(name).fewest_candidates == 2])
def test_a_method_that_compares_candidates_wants_at_least_two(name):
    method = methods.get(name)
    with pytest.raises(ValueError, match="K = 1"):
        method.loss(random_scores(method, candidates=1), method.hyper())


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
        None if scores._reward is None else scores._reward[:, order],
        {name: column[:, order] if column.ndim == 2 else column for name, column in scores._column.items()},
        _token_weights={name: weights[:, order] for name, weights in scores._token_weights.items()},
    )
    for overrides in method.variants.values():
        hyper = method.hyper(**overrides)
        found, expected = per_example(method, shuffled, hyper), per_example(method, scores, hyper)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(method.reward(shuffled, hyper), method.reward(scores, hyper)[:, order])


def test_the_toy_responses_differ_in_length():
    """Else the padding and averaging tests would prove little."""
    assert len(random_logps(1).length().unique()) > 2
