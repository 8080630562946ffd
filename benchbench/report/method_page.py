"""One method for a reader at a terminal, as lines of at most 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

COLUMNS = 80
INDENT = "  "
_fill = partial(textwrap.wrap, width=COLUMNS, break_on_hyphens=False, break_long_words=False)


def method_lines(described: Mapping[str, Any]) -> list[str]:
    """Everything that is known of a method, equation first.

    Args:
        described: what `commands.methods.describe_method` gives.
    """
    head = [f"{described['method']}: {described['paper']}"]
    head += _wrapped(described["title"]) if described["title"] else []
    return [
        *head,
        *_status(described),
        "",
        *(f"{INDENT}{line}" for line in described["equation"].splitlines()),
        "",
        *_inputs(described),
        "",
        *_hyper(described),
        *_list("elsewhere", [f"{place}: {how}." for place, how in described["differs"].items()]),
        *_list("the same name", described["collisions"]),
        "",
        *_prose(described["description"]),
    ]


def _status(described: Mapping[str, Any]) -> Iterator[str]:
    if described["open_question"]:
        yield from _wrapped(f"form unverified: {described['open_question']}")
    if described["twin_of"]:
        yield from _wrapped(f"twin: {described['twin_of']}")
    if described["paper_note"]:
        yield from _wrapped(described["paper_note"])


def _inputs(described: Mapping[str, Any]) -> Iterator[str]:
    needs = [*described["needs"], *(f"column {column}" for column in described["columns"])]
    yield from _wrapped(f"family: {described['family'] or 'not said'}; candidates: {described['candidates']}")
    yield from _wrapped(f"needs: {', '.join(needs) or 'the policy only'}")
    for part in ("loss", "reward"):
        if described[part]:
            yield from _wrapped(f"{part}: {_first(described[part])}")
    if described["monotone_in_chosen"] is not True:
        yield from _wrapped(f"not monotone in the chosen log-probability: {described['monotone_in_chosen']}")


def _hyper(described: Mapping[str, Any]) -> Iterator[str]:
    if not described["hyper"]:
        yield "hyper-parameters: none"
    for field in described["hyper"]:
        yield f"{field['name']} = {field['default']}  ({field['values']})"
        yield from _wrapped(field["meaning"], INDENT)
    for variant, values in described["variants"].items():
        shown = ", ".join(f"{name} {value}" for name, value in values.items())
        yield from _wrapped(f"variant {variant}: {shown or 'the defaults'}")


def _list(title: str, texts: list[str]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title}:"
        for text in texts:
            yield from _fill(text, initial_indent="- ", subsequent_indent=INDENT)


def _first(text: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(text.split("\n\n")[0].split())


def _wrapped(text: str, indent: str = "") -> list[str]:
    return _fill(text, initial_indent=indent, subsequent_indent=indent or INDENT)


def _prose(text: str) -> Iterator[str]:
    """A docstring: paragraphs and items of lists are filled anew, what is indented stands as it is."""
    for place, paragraph in enumerate(text.split("\n\n")):
        if place:
            yield ""
        if paragraph.startswith(" "):
            for line in paragraph.split("\n"):
                yield from [line] if len(line) <= COLUMNS else _fill(line, subsequent_indent=INDENT * 2)
            continue
        for item in re.split(r"\n(?=- )", paragraph):
            indent = INDENT if item.startswith("- ") else ""
            yield from _fill(" ".join(item.split()), subsequent_indent=indent)
