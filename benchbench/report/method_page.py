"""One method for a reader at a terminal, as lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchbench.core.method import plain_name
from benchbench.report.prose import INDENT, prose, wrapped, wrapped_item


def method_lines(described: Mapping[str, Any]) -> list[str]:
    """Everything that is known of a method, equation first.

    Args:
        described: what `commands.methods.describe_method` gives.
    """
    head = [f"{plain_name(described['method'])}: {described['paper']}"]
    head += wrapped(described["title"]) if described["title"] else []
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
        *prose(described["description"]),
    ]


def _status(described: Mapping[str, Any]) -> Iterator[str]:
    if described["open_question"]:
        yield from wrapped(f"form unverified: {described['open_question']}")
    if described["twin_of"]:
        yield from wrapped(f"twin: {described['twin_of']}")
    if described["paper_note"]:
        yield from wrapped(described["paper_note"])


def _inputs(described: Mapping[str, Any]) -> Iterator[str]:
    needs = [*described["needs"], *(f"column {column}" for column in described["columns"])]
    yield from wrapped(f"family: {described['family'] or 'not said'}; candidates: {described['candidates']}")
    yield from wrapped(f"needs: {', '.join(needs) or 'the policy only'}")
    for part in ("loss", "reward"):
        if described[part]:
            yield from wrapped(f"{part}: {_first(described[part])}")
    if described["monotone_in_chosen"] is not True:
        yield from wrapped(f"not monotone in the chosen log-probability: {described['monotone_in_chosen']}")


def _hyper(described: Mapping[str, Any]) -> Iterator[str]:
    if not described["hyper"]:
        yield "hyper-parameters: none"
    for field in described["hyper"]:
        yield f"{field['name']} = {field['default']}  ({field['values']})"
        yield from wrapped(field["meaning"], INDENT)
    for variant, values in described["variants"].items():
        shown = ", ".join(f"{name} {value}" for name, value in values.items())
        yield from wrapped(f"variant {variant}: {shown or 'the defaults'}")


def _list(title: str, texts: list[str]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title}:"
        for text in texts:
            yield from wrapped_item(text)


def _first(text: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(text.split("\n\n")[0].split())
