"""Numbers of each prompt that make the points of a curve: its KL, its win rate, what its score gained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from benchbench.comparison.win_rates.contests import contests, prompt_means
from benchbench.core.measurement import Array

WIN_RATE, SCORE_GAINED = "win_rate", "score_gained"
"""Quantities of a curve: the win rate against one opponent, a fraction; the judge's score less that of the opponent's
answer, in the judge's units."""
QUANTITIES = (WIN_RATE, SCORE_GAINED)

ByPrompt = pd.Series
"""Number of each prompt, by the example that it is from."""


def kl_by_prompt(responses: pd.DataFrame) -> ByPrompt | None:
    """Estimate k1 of the KL of each prompt, nats per response, mean over its samples; none where it is not known.

    Args:
        responses: of one policy, with `example`, `logp_sum` and `ref_logp_sum`, nats.
    """
    numbers = responses[["logp_sum", "ref_logp_sum"]].to_numpy(dtype=np.float64)
    if np.isnan(numbers).any():
        return None
    examples, cluster = np.unique(responses["example"].to_numpy(), return_inverse=True)
    return _series(prompt_means(numbers[:, 0] - numbers[:, 1], cluster, len(examples)), examples)


def values_by_prompt(verdicts: pd.DataFrame) -> dict[str, ByPrompt]:
    """Quantity -> its number of each prompt, of one row against one opponent at one seed; only what the judge gives.

    A prompt without a verdict is NaN. Equal texts tie, and gain nothing.

    Args:
        verdicts: as `contests` reads them, with `score` and `opponent_score`.
    """
    judged = contests(verdicts)
    examples, cluster = np.unique(judged.example, return_inverse=True)
    values = {WIN_RATE: _series(prompt_means(judged.outcome("average"), cluster, len(examples)), examples)}
    is_equal = verdicts["identical"].to_numpy(dtype=bool)
    scored = verdicts["score"].to_numpy(np.float64) - verdicts["opponent_score"].to_numpy(np.float64)
    if not np.isnan(scored[~is_equal]).all():
        examples, cluster = np.unique(verdicts["example"].to_numpy(), return_inverse=True)
        gained = prompt_means(np.where(is_equal, 0.0, scored), cluster, len(examples))
        values[SCORE_GAINED] = _series(gained, examples)
    return values


def itself(examples: Iterable[str], quantity: str) -> ByPrompt:
    """What a row has against itself: half of the wins, and no score gained."""
    return pd.Series(0.5 if quantity == WIN_RATE else 0.0, index=pd.Index(list(examples), name="example"), dtype=float)


def shared_prompts(numbers: Iterable[ByPrompt]) -> list[str]:
    """Examples of which every series has a finite number, sorted."""
    known = [set(series.index[np.isfinite(series.to_numpy(dtype=np.float64))]) for series in numbers]
    return sorted(set.intersection(*known)) if known else []


def stacked(by_seed: Mapping[int, ByPrompt], prompts: Sequence[str]) -> Array:
    """[k, n] numbers of each seed at these prompts."""
    return np.stack([series.loc[list(prompts)].to_numpy(dtype=np.float64) for series in by_seed.values()])


def _series(values: Array, examples: Array) -> ByPrompt:
    return pd.Series(values, index=pd.Index([str(example) for example in examples], name="example"))
