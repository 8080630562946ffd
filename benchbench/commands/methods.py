"""`bench methods`: what there is, with equation, paper, needs, hyper-parameters, and what is unverified."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench import methods
from benchbench.core.errors import BenchError, unknown_name
from benchbench.core.fields import field_docs
from benchbench.core.method import Column, Family, Method, plain_name
from benchbench.recipe.method_file import SUFFIX, method_name_of

BROKEN = "broken"
"""Status of a method whose file cannot be imported, or gives no method."""
VERIFIED = "verified"
"""Status, in filters, of a method whose form was checked against its source."""
STATUSES = (VERIFIED, "form unverified", "twin", BROKEN)
NO_NEEDS = "-"
SEPARATOR = ", "
"""Between the needs, and the statuses, of a row."""


@dataclass(frozen=True)
class MethodFilter:
    """Which methods are listed; what is empty lets all pass."""

    family: str = ""
    needs: Sequence[str] = ()
    """Needs and columns that a method must all read; `-` lists those that read the policy alone."""
    status: str = ""

    def check(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Return only if there are such families, needs and statuses.

        Raises:
            BenchError: a word that no method can have; the message suggests the nearest.
        """
        families = [family.value for family in Family]
        if self.family and self.family not in families:
            raise unknown_name("family", self.family, families)
        if self.status and self.status not in STATUSES:
            raise unknown_name("status", self.status, STATUSES)
        known = {name for row in rows for name in row["needs"].split(SEPARATOR)} | {NO_NEEDS}
        for need in self.needs:
            if need not in known:
                raise unknown_name("need", need, known)

    def passes(self, row: Mapping[str, str]) -> bool:
        """Whether a row is listed."""
        return (
            (not self.family or row["family"] == self.family)
            and set(self.needs) <= set(row["needs"].split(SEPARATOR))
            and (not self.status or self.status in (row["status"] or VERIFIED).split(SEPARATOR))
        )


def list_methods(wanted: MethodFilter | None = None) -> list[dict[str, str]]:
    """One row per method, built in or installed; one that cannot be imported is there with the reason.

    Raises:
        BenchError: a filter that nothing can pass.
    """
    rows = [_row(name) for name in sorted({*methods.names(), *methods.installed()})]
    rows += [_row(name, installed=True) for name in methods.installed() if name in methods.names()]
    wanted = wanted or MethodFilter()
    wanted.check(rows)
    return [row for row in rows if wanted.passes(row)]


def _row(name: str, *, installed: bool = False) -> dict[str, str]:
    """A method's row; `installed` takes the entry point of a name that a built-in method has."""
    method, reason = attempted(lambda: methods.get_installed(name) if installed else methods.get(name))
    if method is None:
        empty = dict.fromkeys(("paper", "family", "needs", "candidates", "variants"), NO_NEEDS)
        return {"method": name, **empty, "status": BROKEN, "source": "-", "note": reason}
    return {
        "method": plain_name(method.name),
        "paper": str(method.paper),
        "family": "-" if method.family is None else method.family.value,
        "needs": SEPARATOR.join(_needs(method)) or NO_NEEDS,
        "candidates": method.candidates.value,
        "variants": ", ".join(method.variants),
        "status": SEPARATOR.join(method.marks),
        "source": "built in" if method.name == name else method.name,
        "note": " ".join(filter(None, (method.open_question, method.twin_of))),
    }


def _needs(method: Method) -> list[str]:
    """What a method reads, by name: inputs, columns, `roles` and `spans` of the data, and the `head` that it trains."""
    parts = {"roles": method.roles, "spans": method.token_weights, "head": method.head}
    return sorted(
        [need.name for need in method.needs] + [*method.column_names] + [name for name in parts if parts[name]]
    )


def attempted(read: Callable[[], Method]) -> tuple[Method | None, str]:
    """(method, "") or (none, why not): one broken file takes no list down."""
    try:
        return read(), ""
    except BenchError as error:
        return None, str(error)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def short_rows(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows that fit a terminal of 80 columns: the paper by its arXiv number, or by author and year."""
    return [
        {
            "method": row["method"],
            "family": row["family"],
            "needs": row["needs"],
            "paper": short_paper(row["paper"]),
            "status": row["status"],
        }
        for row in rows
    ]


def short_paper(paper: str) -> str:
    """A paper by its arXiv number, or by author and year."""
    return paper.partition("arXiv:")[2].partition(",")[0] or paper.partition(",")[0]


def notes(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Lines below the list: what cannot be used, and why."""
    return [f"{row['method']}: {row['status']}: {row['note']}" for row in rows if row["status"] == BROKEN]


def find_method(target: str) -> Method:
    """The method of a name, or of a file FILE.py.

    Raises:
        BenchError: there is none, or its file is faulty.
    """
    if target.endswith(SUFFIX):
        return methods.get(method_name_of(target), file=str(Path(target).expanduser()))
    return methods.get(target)


def describe_method(target: str) -> dict[str, Any]:
    """Everything `bench methods show` prints."""
    method = find_method(target)
    module = sys.modules[method.loss.__module__]
    return {
        "method": method.name,
        "paper": str(method.paper),
        "title": method.paper.title or "",
        "paper_note": method.paper.note or "",
        "family": "" if method.family is None else method.family.value,
        "status": SEPARATOR.join(method.marks),
        "open_question": method.open_question,
        "twin_of": method.twin_of,
        "equation": method.equation,
        "description": inspect.cleandoc(module.__doc__ or ""),
        "needs": [*sorted(_need(need) for need in method.needs), *_parts(method)],
        "columns": [_column(column) for column in method.columns],
        "candidates": method.candidates.value,
        "loss": inspect.getdoc(method.loss) or "",
        "reward": inspect.getdoc(method.reward) or "",
        "monotone_in_chosen": method.monotone_in_chosen or method.monotone_reason,
        "hyper": _fields(method),
        "variants": {key: dict(value) for key, value in method.variants.items()},
        "differs": dict(method.differs),
        "collisions": list(method.collisions),
        "version": method.version,
    }


def _need(need: Any) -> str:
    options = ", ".join(f"{name} {value}" for name, value in need.options)
    return f"{need.name} ({options})" if options else need.name


def _parts(method: Method) -> list[str]:
    """What a method reads of candidates and prompts, and the layer that it trains, in words."""
    roles = " ".join(
        f"{n} {role}" if (n := method.roles.count(role)) > 1 else role for role in dict.fromkeys(method.roles)
    )
    return [
        *([f"roles ({roles})"] if roles else []),
        *([f"spans ({' '.join(method.token_weights)})"] if method.token_weights else []),
        *(["log-probabilities of prompts"] if method.scored == "all" else []),
        *([f"head (for each {'token' if method.head.place == 'tokens' else 'response'})"] if method.head else []),
    ]


def _column(column: Column) -> str:
    """A declared column with the values that it may hold."""
    gaps = "none missing" if column.missing == "refuse" else "may be missing"
    return f"{column.name} ({column.expected}, one per {column.per}, {gaps})"


def _fields(method: Method) -> list[dict[str, Any]]:
    docs, hints = field_docs(method.hyper), typing.get_type_hints(method.hyper)
    return [
        {
            "name": field.name,
            "default": field.default,
            "values": _values(hints[field.name]),
            "meaning": docs.get(field.name, ""),
        }
        for field in dataclasses.fields(method.hyper)
    ]


def _values(hint: Any) -> str:
    """What a field takes, in words; its range is in its meaning."""
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(str, typing.get_args(hint)))
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " or ".join(_values(part) for part in typing.get_args(hint))
    words = {bool: "true or false", int: "whole number", float: "number", types.NoneType: "none"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))
