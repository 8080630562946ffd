"""Every check finds a method that breaks its promise, and none finds one that keeps it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pytest
import torch
from torch.nn import functional as F

from benchbench.contract.run import CHECKS, breaches
from benchbench.core.method import Candidates, Column, Need, Term
from benchbench.core.scores import log_ratio, pair

from .broken import logistic, method


def margin(scores):
    chosen, rejected = pair(scores.policy.mean())
    return chosen - rejected


class Doubled(torch.autograd.Function):
    """Identity whose backward pass is wrong by a factor."""

    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, slope):
        return 2 * slope


BROKEN = {
    "shapes": [
        (method(lambda s, h: logistic(s, h).mean()), "a scalar", "leave .mean()"),
        (method(lambda s, h: s.policy.mean()), r"shape \[3, 2\]", "one value per example"),
        (method(lambda s, h: {"loss": logistic(s, h)}), r"shape \[3\]", "wrap it in Term"),
        (method(lambda s, h: {"loss": Term(logistic(s, h), "all")}), "'all'", "Over.EXAMPLES"),
        (method(reward=lambda s, h: s.policy.mean()[:, 0]), r"shape \[3\]", "reward of each response"),
    ],
    "dtype": [
        (
            method(lambda s, h: logistic(s, h) + 0 * s.reward[:, 0].double(), needs=frozenset({Need.REWARD})),
            "float64",
            "convert",
        )
    ],
    "finite up to 1e4 nats": [
        (method(lambda s, h: (-margin(s) * 10).exp()), r"1e4 nats below|hopeless", "F.logsigmoid"),
        (method(lambda s, h: logistic(s, h) - margin(s).sigmoid().log()), "finite loss", "F.logsigmoid"),
    ],
    "gradient reaches the policy": [
        (method(lambda s, h: logistic(s, h).detach()), "none", "detach nothing"),
        (method(lambda s, h: logistic(s, h) * 0), "zero everywhere", "detach nothing"),
    ],
    "gradient in double precision": [
        (method(lambda s, h: -F.logsigmoid(Doubled.apply(margin(s)))), "the values rise by", "custom backward"),
    ],
    "padding": [(method(lambda s, h: -F.logsigmoid(-s.policy.token.mean(dim=-1)[:, 1])), "with", "response")],
    "order of examples": [
        (method(lambda s, h: logistic(s, h) * torch.arange(1, len(s.policy.token) + 1)), "another", "its place")
    ],
    "microbatches": [(method(lambda s, h: logistic(s, h) - logistic(s, h).mean() / 2), "one by one", "over the batch")],
    "monotone in the chosen log-probability": [
        (method(lambda s, h: -F.logsigmoid(-margin(s))), "nats and", "check the signs"),
        (method(monotone_in_chosen=False), "''", "say why"),
    ],
    "one candidate": [
        (method(lambda s, h: -s.policy.mean().sum(dim=-1), candidates=Candidates.ONE), "one", "first alone")
    ],
    "declared inputs are read": [
        (method(needs=frozenset({Need.REFERENCE})), "does not", "leave it out of METHOD"),
        (method(columns=(Column("weight", low=0),)), "does not", "leave it out of METHOD"),
    ],
    "number of candidates": [
        (method(lambda s, h: -F.logsigmoid(s.policy.mean()[:, 0] - s.policy.mean()[:, -1])), "a loss", "scores.pair"),
        (method(lambda s, h: -s.policy.mean().log_softmax(-1)[:, 0], candidates=Candidates.ANY), "a loss", "pair"),
    ],
    "runs on what it declares": [
        (method(lambda s, h: -F.logsigmoid(log_ratio(s)[:, 0])), "reads the reference", "declare Need.REFERENCE"),
        (method(lambda s, h: logistic(s, h) * s.column("weight")), "column 'weight'", "Method.columns"),
        (method(lambda s, h: logistic(s, h) * h.beta), "AttributeError.*line", "mend that line"),
    ],
    "variants": [(method(variants={"default": {}, "wide": {"beta": 1.0}}), "TypeError", "by name")],
}


def test_a_method_that_keeps_them_breaks_none():
    assert breaches(method()) == []


@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_promise_is_found_with_what_to_do(check):
    for broken, found, remedy in BROKEN[check]:
        named = [str(breach) for name, breach in breaches(broken) if name == check]
        assert named, check
        pattern = re.compile(rf"expected .*({found}).*; .*{remedy}", flags=re.DOTALL)
        assert any(pattern.search(text) for text in named), named


def test_every_check_has_a_method_that_breaks_it():
    assert set(CHECKS) <= set(BROKEN)


def test_a_fixed_target_is_no_wrong_gradient():
    """With w = sigmoid(margin) held, the slope of -w log sigmoid(margin) is -w sigmoid(-margin)."""

    def held(scores, hyper):
        weight = margin(scores).sigmoid().detach()
        with torch.no_grad():
            level = margin(scores) * 3
        return -weight * F.logsigmoid(margin(scores)) + 0 * level

    assert breaches(method(held, monotone_in_chosen=False, monotone_reason="The weight is held.")) == []


def test_a_breach_of_several_presets_comes_once():
    @dataclass(frozen=True)
    class Hyper:
        """One number."""

        beta: float = 1.0

    broken = method(
        lambda s, h: logistic(s, h).mean() * h.beta, hyper=Hyper, variants={"default": {}, "strong": {"beta": math.e}}
    )
    assert [name for name, _ in breaches(broken)] == ["shapes"]


def test_a_method_of_three_roles_and_token_weights_keeps_the_contract():
    """It is given three candidates, and weights of the name that it declares."""

    def loss(scores, hyper):
        weighted = (scores.policy.token * scores.token_weights("importance")).sum(dim=-1)
        return -F.logsigmoid(weighted[:, 0] - weighted[:, 1]) - weighted[:, 2]

    declared = {"candidates": Candidates.ANY, "roles": ("chosen", "rejected", "gold"), "token_weights": ("importance",)}
    assert breaches(method(loss, **declared)) == []
    (unread,) = breaches(method(loss, **{**declared, "token_weights": ("importance", "other")}))
    assert "token weights 'other'" in str(unread)
