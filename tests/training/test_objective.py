"""What the loop minimises: exactly the declared inputs, and the reward model's loss by hand."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods, reward_objectives
from benchbench.core.method import Candidates, Need
from benchbench.core.reward_objective import RewardScores
from benchbench.models.logps import token_logps
from benchbench.models.policy_head import PolicyHead
from benchbench.training.carried import CarriedNumbers
from benchbench.training.objective import MethodObjective, RewardModelObjective

from .toys import batches, caches, examples, frozen, model, served


@pytest.fixture(params=methods.names())
def method(request):
    return methods.get(request.param)


def objective(method, given, *, kept=None) -> MethodObjective:
    tensors = caches(given, method) if kept is None else kept
    carried = None
    if method.carried is not None:
        ids, device = [example.id for example in given], torch.device("cpu")
        carried = CarriedNumbers(method.carried, method.hyper(), ids, dtype=torch.float64, device=device)
    return MethodObjective(
        method, method.hyper(), model(), tensors, torch.float64, carried=carried, head=head_of(method)
    )


def head_of(method):
    """The head of a method that has one."""
    if method.head is None:
        return None
    return PolicyHead(model(), method.head, outputs=method.head.outputs(method.hyper()), reference=frozen()).double()


def test_exactly_the_declared_inputs_are_built(method):
    """All caches are there; what was not declared is still not among the scores."""
    given = examples(4, roles=method.roles)
    scores = objective(method, given).scores(batches(method)(given))
    assert (scores._reference is not None) == (method.need(Need.REFERENCE.name) is not None)
    assert (scores._reward is not None) == (method.need(Need.REWARD.name) is not None)
    assert scores._column.keys() == set(method.column_names)
    assert scores._token_weights.keys() == set(method.token_weights)


def test_a_method_without_needs_needs_no_caches(method):
    given = examples(4, roles=method.roles)
    run = objective(method, given, kept={})
    if method.declared:
        with pytest.raises(KeyError, match=method.declared[0].name):
            run(batches(method)(given))
    else:
        run(batches(method)(given))


def test_inputs_belong_to_their_examples(method):
    """Examples in another order have the same values in that order."""
    given = examples(4, roles=method.roles)
    run, make = objective(method, given), batches(method)
    one, other = run.scores(make(given)), run.scores(make(given[::-1]))
    torch.testing.assert_close(other.policy.sum().flip(0), one.policy.sum())
    if one._reference is not None:
        torch.testing.assert_close(other.reference.sum().flip(0), one.reference.sum())
    if one._reward is not None:
        torch.testing.assert_close(other.reward.flip(0), one.reward)
    for name in method.column_names:
        torch.testing.assert_close(other.column(name).flip(0), one.column(name))


def test_terms_and_statistics_have_one_value_per_example(method):
    given = examples(5, candidates=1 if method.candidates is Candidates.LABELLED else 2, roles=method.roles)
    terms, stats = objective(method, given)(batches(method)(given))
    assert all(term.values.shape == (5,) and term.values.requires_grad for term in terms.values())
    assert stats and all(value.shape == (5,) and not value.requires_grad for value in stats.values())


def test_statistics_of_pairs_are_those_that_trl_names():
    given, method = examples(5), methods.get("dpo")
    run = objective(method, given)
    batch = batches(method)(given)
    _, stats = run(batch)
    logps = token_logps(run.model, batch, dtype=torch.float64).sum()
    torch.testing.assert_close(stats["logps/chosen"], logps[:, 0])
    torch.testing.assert_close(stats["rewards/margins"], stats["rewards/chosen"] - stats["rewards/rejected"])
    assert torch.equal(stats["rewards/accuracies"], (stats["rewards/margins"] > 0).float())


def test_the_reference_of_an_unmoved_policy_gives_log_two():
    """Caches of the policy itself: every margin of DPO is zero and its loss log 2."""
    given, method = examples(5), methods.get("dpo")
    policy, batch = model(), batches(method)(given)
    found = token_logps(policy, batch, dtype=torch.float64)
    kept = {
        name: [found.token[b, k][batch.response[b, k]].tolist() for k in range(2)] for b, name in enumerate(batch.ids)
    }
    terms, _ = MethodObjective(method, method.hyper(), policy, served(reference=kept), torch.float64)(batch)
    torch.testing.assert_close(terms["loss"].values, torch.full((5,), math.log(2), dtype=torch.float64))


def test_many_candidates_have_rewards_for_each():
    method = methods.get("ddo_rm")
    assert method.candidates is Candidates.ANY
    given = examples(4, candidates=4)
    run = objective(method, given)
    assert run.scores(batches(method)(given)).reward.shape == (4, 4)
    assert run(batches(method)(given))[1].keys() == {"logps/all"}


class Fixed(torch.nn.Module):
    """Rewards that were decided beforehand."""

    def __init__(self, rewards, objective="bradley_terry", **hyper):
        super().__init__()
        self.rewards = torch.nn.Parameter(torch.as_tensor(rewards))
        self.objective = reward_objectives.get(objective)
        self.hyper = self.objective.hyper(**hyper)

    def scores(self, batch):
        return RewardScores(self.rewards[..., None])


def test_the_reward_models_loss_by_hand():
    """Margins 1 and -2: log(1 + e^-1) and log(1 + e^2); sums 3 and 0: 0.01 * 9 and 0."""
    terms, stats = RewardModelObjective(Fixed([[2.0, 1.0], [-1.0, 1.0]]), 0.01)(batches()(examples(2)))
    expected = [math.log(1 + math.exp(-1)), math.log(1 + math.exp(2))]
    assert terms["bradley_terry"].values.tolist() == pytest.approx(expected)
    assert terms["centring"].values.tolist() == pytest.approx([0.09, 0.0])
    assert stats["rewards/accuracies"].tolist() == [1.0, 0.0]
    assert stats["rewards/margins"].tolist() == [1.0, -2.0]


def test_the_golden_value_of_centred_pairs():
    """Mean over three pairs with the coefficient 0.01, computed independently of this code and of TRL's."""
    rewards = torch.tensor([[1.2, 0.4], [-0.3, 0.5], [0.8, 0.8]], dtype=torch.float64)
    terms, _ = RewardModelObjective(Fixed(rewards), 0.01)(batches()(examples(3)))
    total = torch.stack([term.values for term in terms.values()]).sum(dim=0).mean()
    assert total.item() == pytest.approx(0.762316170819, rel=1e-10)


def test_without_a_coefficient_nothing_is_centred():
    terms, _ = RewardModelObjective(Fixed([[2.0, 1.0]]), 0.0)(batches()(examples(1)))
    assert terms.keys() == {"bradley_terry"}


def test_a_reward_model_compares_pairs_only():
    with pytest.raises(ValueError, match=r"expected pairs \(K = 2\), got K = 3"):
        RewardModelObjective(Fixed([[2.0, 1.0, 0.0]]), 0.0)(batches()(examples(1)))
