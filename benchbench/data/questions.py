"""Questions in words about responses: templates with places, and a conversation as a text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from benchbench.core.example import Message
from benchbench.core.ranges import require


def require_places(settings: object, name: str, *places: str) -> None:
    """Return only if a template has each of its places, such as `{prompt}`.

    Raises:
        ValueError: those that are missing, all at once.
    """
    template = getattr(settings, name)
    missing = [place for place in places if place not in template]
    require(not missing, name, f"a text with {', '.join(places)}", f"none with {', '.join(missing)}")


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with a text in each of its places, in one pass, so that braces of a text stay what they are."""
    pattern = "|".join(re.escape(place) for place in values)
    return re.sub(pattern, lambda match: values[match.group()], template)


def conversation(messages: Sequence[Message]) -> str:
    """The prompt as a text: the content of a single turn, or `role: content` of each with a blank line between."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)
