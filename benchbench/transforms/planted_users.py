"""Every pair as the preference of a user, some of whom prefer the opposite of what the data say.

Users for experiments: `user` says whose preference a pair is, and `group` is 1 for those with the opposite taste. Users
of two splits are different people where their numbers are, so a policy knows the taste of a held-out user only from
what it is shown of that user (FSPO, arXiv:2502.19312).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates
from benchbench.core.ranges import require_at_least, require_at_least_zero, require_within
from benchbench.core.seeding import stream
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """How many users there are, and how many of them are of the other taste.

    Raises:
        ValueError: no user, a number below 0, or a share outside [0, 1].
    """

    users: int
    """Users of a split, >= 1; whose a pair is, is drawn."""
    first: int = 0
    """Number of the first user, >= 0; splits whose numbers do not meet share no user."""
    opposed: float = 0.5
    """Probability that a user prefers the other response of every pair, in [0, 1]; drawn once for each user."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "users")
        require_at_least_zero(self, "first")
        require_within(self, "opposed", "[0, 1]", what="probability")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair with `user` and `group`; its order is reversed where the user is of the other taste."""
    groups = {
        user: int(stream(seed, f"planted user {user}").random() < options.opposed)
        for user in range(options.first, options.first + options.users)
    }
    reversed_pairs: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example]:
        user = options.first + int(draws_of(seed, "planted_users", example).integers(options.users))
        group = groups[user]
        reversed_pairs["order reversed"] += group
        return [with_columns(with_candidates(example, (group, 1 - group)), user=float(user), group=float(group))]

    return expand(examples, rule, changed=reversed_pairs)


TRANSFORM = Transform(
    name="planted_users",
    options=Options,
    apply=apply,
    makes_columns=("user", "group"),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
)
