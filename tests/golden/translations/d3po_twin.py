"""D3PO in text: the case's values per example are those of the shared steps, so each step is an example here."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..translation import Translation


def scores(case):
    """One example of one token per step that both responses have."""
    inputs = case["inputs"]
    steps = min(inputs["chosen_len"][0], inputs["rejected_len"][0])
    policy, reference = (
        torch.tensor(
            [inputs[f"{model}_{side}_token_logps"][0][:steps] for side in ("chosen", "rejected")], dtype=torch.float64
        ).T[..., None]
        for model in ("policy", "reference")
    )
    leaf = policy.requires_grad_()
    response = torch.ones(leaf.shape, dtype=torch.bool)
    return leaf, Scores(Logps(leaf, response), Logps(reference, response))


TRANSLATION = Translation(renamed={"eps": "clip"}, scores=scores)
