"""Nash-MD by policy gradient: one response to each prompt, and gradients in its tokens."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..translation import Translation


def scores(case):
    """[B, 1, T] leaf and scores; TRL's cases have two prompts, the other collection's one."""
    inputs = case["inputs"]
    ending = "_logps_of_policy_sample" if "policy_logps_of_policy_sample" in inputs else "_token_logps"
    leaf, anchor = (
        torch.tensor(inputs[f"{model}{ending}"], dtype=torch.float64)[:, None] for model in ("policy", "reference")
    )
    leaf.requires_grad_()
    response = torch.ones_like(leaf, dtype=torch.bool)
    wins = inputs.get("win_probability_vs_mixture", inputs.get("p_beats_mixture"))
    column = {"win_against_mixture": torch.tensor(wins, dtype=torch.float64)[:, None]}
    return leaf, Scores(Logps(leaf, response), Logps(anchor, response), None, column)


TRANSLATION = Translation(
    scores=scores,
    left_out={"nash_md.mixture": "the opponent's distribution, which tests/samplers/test_nash_mixture.py reads"},
)
