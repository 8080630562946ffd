"""Roles and spans that a method reads and that a split does not have, before anything is trained."""

from __future__ import annotations

from collections import Counter

from benchbench import transforms
from benchbench.core.errors import Fault
from benchbench.core.example import known_roles, taken_places
from benchbench.core.method import Method
from benchbench.core.split_shape import SplitShape


def role_faults(method: Method, split: str, shape: SplitShape) -> list[Fault]:
    """Roles that the method reads and that examples of its split lack, or have too often to know which is meant."""
    wanted = method.read_roles
    lacking, repeated = Counter[str](), Counter[str]()
    for known, examples in _known_roles(shape):
        if taken_places(known, wanted) is not None:
            continue
        for role in dict.fromkeys(wanted):
            lacking[role] += examples * (known.count(role) < wanted.count(role))
            repeated[role] += examples * (known.count(role) > wanted.count(role))
    return [
        Fault("preference.split", f"'{method.name}' reads {word} of role '{role}', {said}")
        for role in dict.fromkeys(wanted)
        for word in [f"{wanted.count(role)} candidates" if wanted.count(role) > 1 else "the candidate"]
        for said in [
            *_said(lacking[role], shape, split, "lack", _help(role)),
            *_said(repeated[role], shape, split, "have more of", "give each candidate that is read a role of its own"),
        ]
    ]


def span_faults(method: Method, split: str, shape: SplitShape) -> list[Fault]:
    """Token weights that the method reads and that no example of its split has."""
    return [
        Fault(
            "preference.split",
            f"'{method.name}' reads the token weights '{name}', and no example of split '{split}' has such a span; "
            f"{_help(name, 'spans')}",
        )
        for name in method.token_weights
        if not shape.spans.get(name)
    ]


def _known_roles(shape: SplitShape) -> list[tuple[tuple[str, ...], int]]:
    """The roles that candidates have in a split, and how many examples have these."""
    if not shape.roles:
        return [(known_roles(max(shape.candidates, default=0)), shape.examples)]
    return [(tuple(roles.split(", ")) if roles else (), examples) for roles, examples in shape.roles.items()]


def _said(count: int, shape: SplitShape, split: str, verb: str, advice: str) -> list[str]:
    return [f"which {count} of {shape.examples} examples of split '{split}' {verb}; {advice}"] if count else []


def _help(name: str, what: str = "roles") -> str:
    makers = transforms.making(name)
    transform = f"the transform {' or '.join(makers)} makes it, or " if makers else ""
    return f"{transform}give it in the data's column `{what}`"
