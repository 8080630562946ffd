"""`--seeds 42 13 3407`: options that take several values, which click does not have.

The values after such an option, up to the next option, are given to click as one option each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand

VARIADIC = ("--seeds", "--metrics", "--columns", "--where", "--format", "--from", "--tasks", "--seed-of")


def spread_options(args: Sequence[str], names: Sequence[str] = VARIADIC) -> list[str]:
    """Repeat the option before each of its values.

    Raises:
        typer.BadParameter: an option without a value.
    """
    spread: list[str] = []
    position = 0
    while position < len(args):
        word = args[position]
        position += 1
        name, equals, value = word.partition("=")
        if name not in names:
            spread.append(word)
            if word == "--":
                return spread + list(args[position:])
            continue
        values = [value] if equals else []
        while position < len(args) and not _is_option(args[position]):
            values.append(args[position])
            position += 1
        if not values:
            raise typer.BadParameter(f"{name}: expected one or more values, got none")
        for each in values:
            spread += [name, each]
    return spread


def _is_option(word: str) -> bool:
    """Whether a word begins an option; a negative number is a value, and is answered as one."""
    return word.startswith("-") and not word[1:].isdecimal()


class VariadicCommand(TyperCommand):
    """A command whose variadic options are spread before click parses them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the spread words."""
        return super().parse_args(ctx, spread_options(args))
