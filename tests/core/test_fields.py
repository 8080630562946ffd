"""The string below a field is its help."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.fields import field_docs


@dataclass
class Options:
    """Two fields, one of them documented in two lines."""

    beta: float = 0.1
    """Reward per nat,
    > 0."""
    bare: int = 1

    def __post_init__(self) -> None:
        """Not a field's."""


def test_each_documented_field_has_its_text_on_one_line():
    assert field_docs(Options) == {"beta": "Reward per nat, > 0."}
