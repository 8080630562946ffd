"""One transform for a reader at a terminal, as lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchbench.report.prose import INDENT, prose, wrapped


def transform_lines(described: Mapping[str, Any]) -> list[str]:
    """Everything that is known of a transform.

    Args:
        described: what `commands.transforms.describe_transform` gives.
    """
    paper = "no paper" if described["paper"] == "-" else described["paper"]
    return [
        f"{described['transform']}: {paper}",
        *(wrapped(described["title"]) if described["title"] else []),
        *(wrapped(f"unverified: {described['open_question']}") if described["open_question"] else []),
        *(wrapped(described["note"]) if described["note"] else []),
        "",
        *prose(described["description"]),
        "",
        *wrapped(f"takes: {described['takes']}"),
        *wrapped(f"makes columns: {', '.join(described['columns']) or 'none'}"),
        *wrapped(f"makes roles or spans: {', '.join(described['parts']) or 'none'}"),
        *wrapped(f"result: {' '.join(described['result'].split())}"),
        "draws: " + ("from data.transforms[].draw_seed" if described["random"] else "nothing"),
        "",
        *_options(described["options"]),
    ]


def _options(options: list[dict[str, Any]]) -> Iterator[str]:
    if not options:
        yield "options: none"
    for option in options:
        default = "  (required)" if option["default"] == "required" else f" = {option['default']}"
        yield f"{option['name']}{default}"
        yield from wrapped(option["meaning"], INDENT)
