"""Under which conditions rows are to be compared: what they are to have been given alike, and at which KL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchbench.comparison.ledger import QUANTITIES, Quantity
from benchbench.core.errors import BenchError, unknown_name

PLACE = "kl="
"""Beginning of a value of `--at`."""


def quantities(names: Sequence[str]) -> tuple[Quantity, ...]:
    """The quantities of `--match`, each once.

    Raises:
        BenchError: a name of none.
    """
    known: Mapping[str, Quantity] = {name: name for name in QUANTITIES}
    for name in names:
        if name not in known:
            raise unknown_name("quantity of --match", name, known)
    return tuple(dict.fromkeys(known[name] for name in names))


def places(texts: Sequence[str]) -> tuple[float, ...]:
    """The KL of every `--at kl=X`, nats per response, each once.

    Raises:
        BenchError: a value that says none.
    """
    kls = [_number(text.removeprefix(PLACE)) if text.startswith(PLACE) else math.nan for text in texts]
    for text, kl in zip(texts, kls, strict=True):
        if not (math.isfinite(kl) and kl >= 0):
            raise BenchError(f"--at: expected {PLACE}NUMBER in nats per response, such as {PLACE}1.0, found '{text}'")
    return tuple(dict.fromkeys(kls))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
