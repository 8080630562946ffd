"""A trace that moves without a reason fails; `make golden` writes them anew."""

from __future__ import annotations

import json

import pytest

from benchbench import methods

from .golden_runs import FILE, STEPS, names, trace

GOLDEN = json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("name", names())
def test_eight_steps_come_out_as_they_did(name):
    assert name in GOLDEN, f"{name} has no golden run; `make golden` writes one"
    found = trace(name)
    for key, values in GOLDEN[name].items():
        assert found[key] == pytest.approx(values, rel=1e-5), f"{name}: {key} moved"


SAME = {
    "online_ipo2@default": ("cipo@default", "one loss, of fresh pairs and of pairs of any source"),
    "dpo_joint@default": ("dpo@default", "the toy scores no prompt"),
    "rankdpo_twin@default": ("lipo_lambda@default", "two responses make one weight"),
    "rankdpo_twin@ranked_by_policy": ("lipo_lambda@default", "one formula under two names"),
    "imitation@default": ("chain_of_hindsight@default", "one loss; the text of the latter is a transform's"),
    "sft@default": ("chain_of_hindsight@default", "one loss, in two places of a recipe"),
    "simpo@trl": ("cpo_simpo@trl", "TRL's SimPO is CPO-SimPO"),
    "tpo_text_twin@default": ("dpo@default", "the toy's prompts are one prompt"),
    "tr_dpo@hard": ("tr_dpo@default", "the reference follows after 512 steps"),
    "wpo@clamped": ("wpo@default", "no weight of the toy is above one"),
}
"""A trace that is another's -> whose, and why."""


def test_every_method_has_a_golden_run_and_none_is_left_over():
    assert set(GOLDEN) == set(names())
    assert {name.split("@")[0] for name in GOLDEN} == {*methods.names(), "reward_model"}


def test_the_traces_differ_from_each_other_and_move():
    """A trace that two methods share, or that stands still, would guard nothing."""
    for name, found in GOLDEN.items():
        assert len(found["loss"]) == STEPS and len(set(found["loss"])) > 1, name
    seen = {}
    for name, found in GOLDEN.items():
        method, variant = name.split("@")
        alike = method in methods.names() and methods.get(method).variants.get(variant)
        if alike and methods.get(method).hyper(**alike) == methods.get(method).hyper():
            continue  # the default under its own name
        key = tuple(round(value, 7) for value in found["loss"] + found["grad_norm"])
        if name in SAME:
            assert seen[key] == SAME[name][0]
            continue
        assert key not in seen, f"{name} is {seen.get(key)}"
        seen[key] = name
