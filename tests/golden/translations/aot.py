"""AOT: cases list the losses in the order of the margins."""

from __future__ import annotations

from benchbench.core.scores import pair

from ..translation import Translation


def per_example(values, scores, hyper):
    """Our losses by rank of the policy's margin."""
    chosen, rejected = pair(scores.policy.sum())
    return values[(chosen - rejected).argsort()]


TRANSLATION = Translation(per_example=per_example)
