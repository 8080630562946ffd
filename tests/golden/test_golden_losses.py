"""Losses and gradients against values calculated independently, in float64.

Each case of `losses/<method>.json` names its source. Its inputs are per-token or summed log-probabilities; a sum is
spread evenly over its tokens. Gradients are those of the step's loss with respect to the policy's summed
log-probabilities, for DDO-RM with respect to its mean ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over, terms_of
from benchbench.core.scores import Logps, Scores

from .extract import LOSSES

CASES = {case["id"]: case for path in sorted(LOSSES.glob("*.json")) for case in json.loads(path.read_text("utf-8"))}

LEFT_OUT = {
    "orpo.B.prompt_nll": "TRL's likelihood term runs over prompt tokens too; ours, like the paper's, does not see them",
}

SUMS = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")


def hyper_of(case):
    """The case's hyper-parameters under our names and in our units."""
    given = dict(case["hyper"])
    for theirs, ours in {"eps": "label_smoothing", "tau": "beta", "lambda": "beta"}.items():
        if theirs in given and case["method"] != "ddo_rm":
            given[ours] = given.pop(theirs)
    if "gamma" in given:
        given["margin"] = given.pop("gamma") / given["beta"]
    if "weights" in given:
        preference, given["eta"] = given.pop("weights")
        assert preference == 1.0
    given |= {
        "ipo": {"reduction": case["id"].split(".")[0].removeprefix("ipo_")},
        "simpo": {"loss_type": "hinge" if case["variant"].startswith("hinge") else "sigmoid"},
        "rpo_reg": {"regularizer": case["id"].split(".")[1].replace("trl", "pooled")},
    }.get(case["method"], {})
    return methods.get(case["method"]).hyper(**given)


def from_logits(inputs):
    """Add per-token log-probabilities to a case that gives logits and token ids."""
    found = dict(inputs)
    for side in SUMS:
        logits = torch.tensor(inputs[f"{side}_logits"], dtype=torch.float64)
        ids = torch.tensor(inputs[f"{side.split('_')[1]}_token_ids"])
        token = logits.log_softmax(dim=-1).gather(-1, ids[:, None])[:, 0]
        assert token.sum().item() == pytest.approx(inputs["derived"][f"{side}_logp_sum"], rel=1e-9)
        found[f"{side}_token_logps"] = [token.tolist()]
        found[f"{side}_logp_sum"] = [token.sum().item()]
        found[f"{side.split('_')[1]}_len"] = [len(ids)]
    return found


def pairs(inputs, model, total):
    """[B, 2, T] log-probabilities of one model; `total` [B, 2] moves them through an even spread over the tokens."""
    lengths = torch.tensor([inputs["chosen_len"], inputs["rejected_len"]]).T  # [B, 2]
    response = torch.arange(int(lengths.max())) < lengths[..., None]  # [B, 2, T]
    known = [inputs.get(f"{model}_{side}_token_logps") for side in ("chosen", "rejected")]
    spread = (total / lengths)[..., None]
    if known[0] is None:
        return Logps(torch.where(response, spread, 0.0), response)
    token = torch.zeros(response.shape, dtype=torch.float64)
    for side, rows in enumerate(known):
        for example, row in enumerate(rows):
            token[example, side, : len(row)] = torch.tensor(row, dtype=torch.float64)
    return Logps(token + torch.where(response, spread - spread.detach(), 0.0), response)


def leaf_and_scores(case):
    """The tensor that the case's gradient is taken with respect to, and the scores that depend on it."""
    inputs = case["inputs"]
    if case["method"] == "ddo_rm":
        mean = torch.tensor(inputs["scores"], dtype=torch.float64)
        mean = (mean if mean.ndim == 2 else mean[None]).requires_grad_()
        lengths = 1 + torch.arange(mean.shape[1]) % 3
        response = (torch.arange(3) < lengths[:, None]).expand(*mean.shape, 3)
        rewards = torch.tensor(inputs["rewards"], dtype=torch.float64).reshape(mean.shape)
        return mean, Scores(Logps(torch.where(response, mean[..., None], 0.0), response), None, rewards)
    if "policy_chosen_logits" in inputs:
        inputs = from_logits(inputs)
    policy, reference = (
        torch.tensor([inputs[f"{model}_{side}_logp_sum"] for side in ("chosen", "rejected")], dtype=torch.float64).T
        if f"{model}_chosen_logp_sum" in inputs
        else None
        for model in ("policy", "reference")
    )
    policy = policy.clone().requires_grad_()
    columns = {"p_chosen": torch.tensor(inputs["p_hat"], dtype=torch.float64)} if "p_hat" in inputs else {}
    anchor = None if reference is None else pairs(inputs, "reference", reference)
    return policy, Scores(pairs(inputs, "policy", policy), anchor, None, columns)


def of_step(terms, policy):
    """Each term's sum over its own count in the step."""
    counts = {Over.EXAMPLES: policy.token.shape[0], Over.CHOSEN_TOKENS: policy.response[:, 0].sum()}
    return torch.stack([term.values.sum() / counts[term.over] for term in terms.values()]).sum()


@pytest.mark.parametrize("case", [case for case in CASES.values() if case["id"] not in LEFT_OUT], ids=lambda c: c["id"])
def test_loss_and_gradient_agree_with_the_independent_calculation(case):
    leaf, scores = leaf_and_scores(case)
    terms = terms_of(methods.get(case["method"]).loss(scores, hyper_of(case)))
    if case["id"] == "orpo.B.or_term":
        terms = {"odds_ratio": terms["odds_ratio"]}
    total, tolerance = of_step(terms, scores.policy), case["tolerance"]
    assert total.item() == pytest.approx(case["value"], rel=tolerance["rel"], abs=tolerance["abs"])

    if "per_example" in case:
        found = torch.stack([term.values for term in terms.values()]).sum(dim=0).tolist()
        assert found == pytest.approx(case["per_example"], rel=tolerance["rel"], abs=tolerance["abs"])
    if "grad" in case:
        expected = case["grad"].get("value") or [case["grad"]["chosen"], case["grad"]["rejected"]]
        expected = torch.tensor(expected, dtype=torch.float64)
        expected = expected.reshape(leaf.shape) if "value" in case["grad"] else expected.T
        (slope,) = torch.autograd.grad(total, leaf)
        torch.testing.assert_close(slope, expected, rtol=case["grad"]["tolerance_rel"], atol=1e-12)


def test_every_case_left_out_exists_and_has_a_reason():
    assert LEFT_OUT.keys() <= CASES.keys()
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


def test_every_case_names_its_source_and_most_have_a_gradient():
    assert all(case["source"] for case in CASES.values())
    assert sum("grad" in case for case in CASES.values()) > 0.75 * len(CASES)


@pytest.mark.parametrize("name", [name for name in methods.names() if name != "sft"])
def test_every_preference_method_has_golden_values(name):
    assert (Path(__file__).parent / "losses" / f"{name}.json").exists()
