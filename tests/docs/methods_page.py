"""docs/methods.md: every method with equation, paper, differences and BibTeX, from the methods themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench import methods
from benchbench.commands.methods import describe_method, list_methods
from benchbench.core.method import Method
from benchbench.report import markdown
from benchbench.report.status import STATUS_NOTES

HEAD = """# Methods

Made from the methods by `make docs`, and checked by a test; `bench methods show NAME` prints one of them.

In equations w is the chosen and l the rejected response, log pi(y|x) the sum over its tokens in nats.
[add_a_method.md](add_a_method.md) says how one is written, [recipe.md](recipe.md) how its hyper-parameters are set.
"""


def methods_page() -> str:
    """The whole document."""
    names = methods.names()
    parts = [HEAD, *_marks(names), _index(names), *(_section(name) for name in names), _bibtex(names)]
    return "\n".join(parts).rstrip() + "\n"


def _marks(names: Sequence[str]) -> Iterator[str]:
    marks = {mark for name in names for mark in methods.get(name).marks}
    for mark, note in STATUS_NOTES.items():
        if mark in marks:
            yield f"- {note}"
    if marks & set(STATUS_NOTES):
        yield ""


def _index(names: Sequence[str]) -> str:
    """One row per method."""
    rows = [row for row in list_methods() if row["method"] in names and row["source"] == "built in"]
    return (
        markdown.records(
            [
                {
                    "method": f"[`{row['method']}`](#{row['method']})",
                    "family": row["family"],
                    "needs": row["needs"],
                    "candidates": row["candidates"],
                    "paper": row["paper"],
                    "status": row["status"] or " ",
                }
                for row in rows
            ]
        )
        + "\n"
    )


def _section(name: str) -> str:
    said = describe_method(name)
    mark = f" ({said['status']})" if said["status"] else ""
    lines = [f"## {name}", "", f"{said['title'] or said['paper']}{mark}. {said['paper']}.", ""]
    lines += ["```text", *said["equation"].splitlines(), "```", ""]
    needs = ", ".join([*said["needs"], *(f"column {column}" for column in said["columns"])]) or "the policy only"
    lines += [f"Family: {said['family']}; candidates: {said['candidates']}; needs: {needs}.", ""]
    lines += [text for text in (said["open_question"], said["twin_of"], said["paper_note"]) if text]
    lines += [""]
    if said["hyper"]:
        lines += [_hyper(said["hyper"]), ""]
    lines += [f"- {place}: {how}." for place, how in said["differs"].items()]
    lines += [f"- The same name: {text}" for text in said["collisions"]]
    return "\n".join([*lines, ""])


def _hyper(fields: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        {
            "hyper-parameter": f"`{f['name']}`",
            "takes": f["values"],
            "default": f"`{f['default']}`",
            "meaning": f["meaning"],
        }
        for f in fields
    ]
    return markdown.records(rows)


def _bibtex(names: Sequence[str]) -> str:
    entries = dict.fromkeys(bibtex(methods.get(name)) for name in names)
    body = "\n\n".join(entries)
    return f"## BibTeX\n\nWhat is known of each paper, and nothing else.\n\n```bibtex\n{body}\n```\n"


def bibtex(method: Method) -> str:
    """An entry of the fields that the method's paper has: nothing is looked up, and nothing is made up."""
    paper = method.paper
    first = re.sub(r"[^a-z]", "", paper.authors.removesuffix(" et al.").split(",")[0].split(" and ")[0].lower())
    fields = {
        "title": f"{{{_escaped(paper.title)}}}" if paper.title else None,
        "author": _bibtex_authors(paper.authors),
        "year": str(paper.year),
        "eprint": paper.arxiv,
        "archivePrefix": "arXiv" if paper.arxiv else None,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    number = (paper.arxiv or "").replace(".", "").replace("/", "")
    return "\n".join([f"@misc{{{first}{paper.year}{'_' if number else ''}{number},", *lines, "}"])


def _bibtex_authors(authors: str) -> str:
    """`A and B` or `A and others`; a family name of two words in braces, or the first would be a given name."""
    names = re.sub(r" et al\.$", " and others", authors).split(" and ")
    return " and ".join(f"{{{name}}}" if " " in name else name for name in names)


def _escaped(title: str) -> str:
    """The title with the signs escaped that LaTeX reads as commands."""
    return re.sub(r"([&%#$_])", r"\\\1", title)
