"""PPO: the library's score stands one place behind the last token, which no batch of ours has."""

from __future__ import annotations

from ..translation import Translation

PLACE = "its score stands behind the last token; tests/methods/test_ppo.py gives our functions the library's masks"
TRANSLATION = Translation(
    left_out={
        **{
            f"ppo.{quantity}.{case}": PLACE
            for quantity in ("rewards", "returns", "advantages")
            for case in ("k1", "k3", "k1.whiten", "k1.g0.9")
        },
        **{f"ppo.loss.{part}": PLACE for part in ("policy", "value", "total")},
    }
)
