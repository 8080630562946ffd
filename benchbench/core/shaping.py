"""Shaping: from what is known of a group's responses to the rewards, advantages or weights that a learner gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

import numpy as np

from benchbench.core.paper import Paper

Known = TypeVar("Known")
Tokens = tuple[np.ndarray, ...]
"""For each of the K responses [T_k] numbers, one for each scored token."""
Gives = Literal["rewards", "advantages", "token_rewards", "token_advantages", "token_weights"]
"""[K] in place of the rewards, or as advantages; or for each response [T_k], as rewards, advantages, or factors of
the token's part of a loss."""


@dataclass(frozen=True)
class GroupSignals:
    """What is known of the K responses to one prompt; a field that a shaping does not declare is none."""

    rewards: np.ndarray | None = None
    """[K] reward of each response."""
    objectives: np.ndarray | None = None
    """[K, R] several rewards of each response."""
    wins: np.ndarray | None = None
    """[K, K] probability that the row's response is preferred to the column's."""
    ended: np.ndarray | None = None
    """[K] bool: whether a response came to its own end, so that its last scored token is the one that ends it."""
    policy: Tokens | None = None
    """[T_k] log-probabilities under the policy that drew the response, nats."""
    reference: Tokens | None = None
    """[T_k] log-probabilities under the frozen reference, nats."""
    guide: Tokens | None = None
    """[T_k] log-probabilities under a further policy, nats, such as one that DPO trained."""
    token_rewards: Tokens | None = None
    """[T_k] reward of each token."""
    values: Tokens | None = None
    """[T_k] a critic's value before each token."""
    distributions: Tokens | None = None
    """[T_k, V] log-probabilities of the whole vocabulary where each token was drawn, nats."""
    carried: np.ndarray | None = None
    """[C] numbers that the shaping carries from draw to draw, the same for all groups of a draw."""
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Name -> [K] further numbers."""


SIGNALS = tuple(each.name for each in fields(GroupSignals) if each.name != "columns")
"""What a shaping may declare besides columns."""


@dataclass(frozen=True, kw_only=True)
class Shaping:
    """One exhibit of the shaping room; pure: the same signals and options give the same numbers."""

    name: str
    """Registry key; equals the file name."""
    paper: Paper
    options: type
    """Frozen dataclass of its options, with defaults; documented field by field."""
    shape: Callable[[Any, GroupSignals], np.ndarray | Tokens]
    """(options, signals) -> what `gives` says."""
    gives: Gives
    needs: frozenset[str] = frozenset()
    """Fields of `GroupSignals` that it reads."""
    columns: tuple[str, ...] = ()
    """Columns that it reads."""
    objectives: Callable[[Any], int | None] = lambda options: None
    """options -> how many objectives it takes, where it reads them; none for any number."""
    start: Callable[[Any], tuple[float, ...]] = lambda options: ()
    """options -> the numbers that it carries, before the first draw."""
    advance: Callable[[Any, np.ndarray, Sequence[GroupSignals]], np.ndarray] | None = None
    """(options, [C] numbers, signals of every group of a draw) -> [C] numbers that the next draw is shaped with; none
    where it carries none."""
    equation: str = ""
    """As plain text, readable in a terminal of 80 columns."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Where it is also implemented -> how that differs from this form, or "the same"."""
    open_question: str = ""
    """What of it could not be verified, a sentence; every table then marks it `form unverified`."""
    twin_of: str = ""
    """Of a text form of a method for another modality: what was published, a sentence."""
    version: int = 1
    """Raised by hand when the numbers it gives change."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What every table says beside it: `twin`, `form unverified`, both, or nothing where the form was checked."""
        return ("twin",) * bool(self.twin_of) + ("form unverified",) * bool(self.open_question)


def known(value: Known | None, name: str) -> Known:
    """The signal, which the shaping declares.

    Raises:
        LookupError: it is not there, since the shaping does not declare it.
    """
    if value is None:
        raise LookupError(f"the shaping reads '{name}'; declare it in Shaping.needs")
    return value


def advanced(
    shaping: Shaping, options: Any, carried: tuple[float, ...], groups: Sequence[GroupSignals]
) -> tuple[float, ...]:
    """The numbers that a shaping carries on after a draw; as they were where it had no group.

    Args:
        shaping: the exhibit.
        options: its options.
        carried: [C] those of the draw.
        groups: signals of every group that was shaped.

    Raises:
        ValueError: another number of them, or one that is not finite.
    """
    if shaping.advance is None or not groups:
        return carried
    following = shaping.advance(options, np.array(carried), groups)
    if following.shape != (len(carried),) or not np.isfinite(following).all():
        raise ValueError(f"shaping '{shaping.name}': expected {len(carried)} finite numbers to carry, got {following}")
    return tuple(following.tolist())


def shape_group(shaping: Shaping, options: Any, signals: GroupSignals) -> np.ndarray | Tokens:
    """What a shaping makes of one group: [K] numbers, or [T_k] for each response.

    Args:
        shaping: the exhibit.
        options: its options.
        signals: everything that is known; it sees what it declares.

    Raises:
        ValueError: a declared signal is not there, or what comes out has a wrong shape or a number that is not finite.
    """
    absent = [name for name in sorted(shaping.needs) if getattr(signals, name) is None]
    absent += [f"column {name}" for name in shaping.columns if name not in signals.columns]
    if absent:
        raise ValueError(f"shaping '{shaping.name}': expected {', '.join(absent)} of the group, found none")
    declared = {name: getattr(signals, name) for name in shaping.needs}
    columns = {name: signals.columns[name] for name in shaping.columns}
    given_back = shaping.shape(options, GroupSignals(**declared, columns=columns))
    parts = given_back if isinstance(given_back, tuple) else (given_back,)
    if isinstance(given_back, tuple) != shaping.gives.startswith("token_") or any(part.ndim != 1 for part in parts):
        raise ValueError(f"shaping '{shaping.name}': expected {shaping.gives}, got shapes {[p.shape for p in parts]}")
    if not all(np.isfinite(part).all() for part in parts):
        raise ValueError(f"shaping '{shaping.name}': expected finite numbers, got {given_back}")
    return given_back
