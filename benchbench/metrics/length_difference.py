"""Mean number of tokens by which the chosen response is longer than the rejected one, as they were scored.

About the data, not the method: what a score that likes length could live on. Beside `longer_chosen_rate`, which a score
of nothing but length would have as its accuracy.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] tokens, chosen minus rejected."""
    chosen, rejected = scores.stored["n_tokens"]
    return chosen - rejected


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="length_difference",
    unit="tokens",
    direction="none",
    value=value,
    per_pair=per_pair,
    reads=("n_tokens",),
)
