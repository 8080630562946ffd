"""GRPO: the library's names; advantages are compared elsewhere."""

from __future__ import annotations

from ..drawn_rows import ADVANTAGE, scores
from ..translation import Translation

RENAMED = {"beta": "kl_weight", "epsilon_low": "epsilon"}
UNREAD = ("max_completion_length", "gradient_accumulation_steps")
TWO = "it has the rewards of two functions; ours has one reward for each response"


def hyper(case):
    """All hyper-parameters, without those that the loss type does not read."""
    read = {RENAMED.get(name, name): value for name, value in case["hyper"].items() if name not in UNREAD}
    if read["loss_type"] == "dr_grpo":
        read["max_completion_length"] = case["hyper"]["max_completion_length"]
    if read["loss_type"] in ("sapo", "vespo"):
        del read["epsilon_high"]
    return read


TRANSLATION = Translation(
    scores=scores,
    hyper=hyper,
    left_out={
        **{f"grpo.adv.{name}": ADVANTAGE for name in ("group", "batch", "none", "unscorable", "zero_std")},
        **{f"grpo.adv.two_rewards.{name}": TWO for name in ("sum_then_normalize", "normalize_then_sum")},
    },
)
