"""XPO: which response the reference drew; TRL's cases have the two samples apart, and which of them won."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pair, chosen first."""
    inputs = dict(case["inputs"])
    if "reference_sample_is" in inputs:
        chosen = float(inputs["reference_sample_is"] == "chosen")
        inputs |= {"chosen_from_reference": [chosen], "rejected_from_reference": [1 - chosen]}
        columns = {"from_reference": ("chosen_from_reference", "rejected_from_reference")}
        return pair_scores(inputs, Translation(columns=columns))
    wins = torch.tensor(inputs["policy_sample_wins"])
    order = torch.where(wins[:, None], torch.tensor([0, 1]), torch.tensor([1, 0]))  # [B, 2]

    def chosen_first(model):
        """[B, 2, T] log-probabilities under a model."""
        names = [f"{model}_logps_of_{sample}_sample" for sample in ("policy", "reference")]
        token = torch.stack([torch.tensor(inputs[name], dtype=torch.float64) for name in names], dim=1)
        return token.gather(1, order[..., None].expand_as(token))

    leaf = chosen_first("policy").requires_grad_()
    response = torch.ones_like(leaf, dtype=torch.bool)
    drawn = {"from_reference": order.to(torch.float64)}
    return leaf, Scores(Logps(leaf, response), Logps(chosen_first("reference"), response), None, drawn)


TRANSLATION = Translation(scores=scores)
