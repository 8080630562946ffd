"""Ranges of hyper-parameters and options, each refused in the same words."""

from __future__ import annotations

import math
from typing import Any


def require(condition: bool, name: str, expected: str, value: Any) -> None:
    """Return only if a condition on a field holds that no other function here names.

    Raises:
        ValueError: names the field, what was expected and what was found.
    """
    if not condition:
        raise ValueError(f"{name}: expected {expected}, got {value}")


def require_at_least(settings: Any, least: int, *names: str) -> None:
    """Return only if each field is a number of at least so many.

    Raises:
        ValueError: the first that is not, by name, with what was found.
    """
    for name in names:
        value = getattr(settings, name)
        require(value >= least, name, f"{least} or more", value)


def require_above_zero(settings: Any, *names: str) -> None:
    """Return only if each field is a finite number above 0.

    Raises:
        ValueError: the first that is not, by name, with what was found.
    """
    for name in names:
        value = getattr(settings, name)
        require(0 < value < math.inf, name, "a finite number above 0", value)


def require_at_least_zero(settings: Any, *names: str) -> None:
    """Return only if each field is a finite number of at least 0.

    Raises:
        ValueError: the first that is not, by name, with what was found.
    """
    for name in names:
        value = getattr(settings, name)
        require(0 <= value < math.inf, name, "a finite number of at least 0", value)


def require_within(settings: Any, name: str, interval: str, *, what: str = "number") -> None:
    """Return only if a field lies in an interval.

    Args:
        settings: hyper-parameters or options.
        name: of the field.
        interval: as mathematics writes it: `[0, 0.5)` has 0 and not 0.5.
        what: the kind of number, for the message.

    Raises:
        ValueError: it does not, or is no number.
    """
    value = getattr(settings, name)
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = low <= value if interval[0] == "[" else low < value
    below = value <= high if interval[-1] == "]" else value < high
    require(above and below, name, f"a {what} in {interval}", value)


def require_one_of(settings: Any, name: str, *choices: str) -> None:
    """Return only if a field is one of some words.

    Raises:
        ValueError: it is another.
    """
    value = getattr(settings, name)
    require(value in choices, name, f"one of {', '.join(choices)}", repr(value))


def require_finite_or_none(settings: Any, *names: str, above: float = -math.inf) -> None:
    """Return only if each field is none, or a finite number above another.

    Raises:
        ValueError: the first that is neither, by name, with what was found.
    """
    expected = "a finite number" if above == -math.inf else f"a finite number above {above:g}"
    for name in names:
        value = getattr(settings, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = value is None or (is_number and above < value < math.inf)
        require(fits, name, f"{expected}, or none", value)
