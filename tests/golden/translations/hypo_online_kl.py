"""HyPO: its one case is the exact gradient of a KL, which tests/methods/test_hypo_online_kl.py takes as a mean."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    left_out={"hypo.kl_grad": "it is a gradient in the logits of three arms; tests/methods takes the mean over arms"}
)
