"""How samplers of two arms share a prompt's responses."""

from __future__ import annotations


def halves(name: str, num_samples: int, second: int = 0) -> tuple[int, int]:
    """Responses of the first and of the second arm; they sum to `num_samples`, and each arm has at least one.

    Args:
        name: of the sampler, for the message.
        num_samples: of the recipe.
        second: responses of the second arm; 0 gives it half, rounded down.

    Raises:
        ValueError: too few responses for two arms.
    """
    count = second or num_samples // 2
    if count < 1 or num_samples - count < 1:
        least = f"more than the {second} of the second arm" if second else "2 or more, one for each arm"
        raise ValueError(f"num_samples: sampler {name} expected {least}, got {num_samples}")
    return num_samples - count, count
