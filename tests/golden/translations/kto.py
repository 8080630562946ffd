"""KTO: the baseline stands among the hyper-parameters; it is the mean of the mismatched rows where these are given."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import pair_scores, row_scores
from ..translation import Translation


def scores(case):
    """Rows with their mismatched ones; or the two responses of one pair, each with its label, and the baseline."""
    if "label_desirable" in case["inputs"]:
        leaf, rows = row_scores(case["inputs"])
        assert max(0.0, rows.mismatched.mean().item()) == pytest.approx(case["hyper"]["z0"], rel=1e-9)
        return leaf, rows
    leaf, both = pair_scores(case["inputs"], Translation())
    policy, anchor = (
        Logps(logps.token.transpose(0, 1), logps.response.transpose(0, 1)) for logps in (both.policy, both.reference)
    )
    rows = Scores(policy, anchor, None, {"label": torch.tensor([1.0, 0.0], dtype=torch.float64)})
    baseline = torch.full((2, 1), case["hyper"]["z0"], dtype=torch.float64)
    return leaf, replace(rows, _mismatched=baseline)


def hyper(case):
    """Ours; the baseline is read from the rows."""
    given = case["hyper"]
    return {"beta": given["beta"], "desirable_weight": given["lambda_d"], "undesirable_weight": given["lambda_u"]}


TRANSLATION = Translation(hyper=hyper, scores=scores)
