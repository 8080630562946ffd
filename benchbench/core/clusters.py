"""Pairs that share a prompt are no independent draws: one value per prompt, for standard errors and intervals."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def prompt_numbers(prompts: Array) -> Array | None:
    """[n] whole numbers from 0, equal where the prompts are; none where every pair has a prompt of its own.

    Args:
        prompts: [n] anything that names a prompt.
    """
    names, numbers = np.unique(prompts, return_inverse=True)
    return None if len(names) == len(prompts) else numbers


def over_prompts(values: Array, prompt: Array | None) -> Array:
    """[..., prompts] values whose mean is the mean over pairs and whose spread is that of prompts.

    Args:
        values: [..., n] one per pair.
        prompt: [n] as of `prompt_numbers`; none gives the values back.

    A prompt's value is the mean plus its influence on it: (prompts / n) times the sum of its pairs' deviations. With as
    many pairs for every prompt that is the mean over its pairs (evaluation.md C2: average within cluster first); with
    unequal numbers the mean over pairs stays what it is, and the variance is the sandwich's.
    """
    if prompt is None:
        return values
    count = int(prompt.max()) + 1
    if np.ptp(values) == 0:
        return values[..., :count]  # no spread, nor one of rounding errors
    mean = values.mean(axis=-1, keepdims=True)
    order = np.argsort(prompt, kind="stable")
    starts = np.searchsorted(prompt[order], np.arange(count))
    sums = np.add.reduceat((values - mean)[..., order], starts, axis=-1)
    return mean + sums * count / values.shape[-1]
