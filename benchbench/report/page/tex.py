"""Tables as LaTeX, for a column of a paper: they need `booktabs`, and `graphicx` where a table may be too wide."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from benchbench.core.shown_text import visible
from benchbench.report.page.blocks import PageTable

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",  # \textquotedbl is not in OT1, which a document without \usepackage{fontenc} has
    "`": "{`}",  # two of them, and one after ? or !, are another character
}
LONGEST_CELL = 30
"""Characters from which on a column of texts is set in lines."""
_NARROWEST = 14
"""Characters of such a column, at least."""
_NUMBER = re.compile(r"(?<![\w.])-(?=\d)")
_LONG_WORD = re.compile(r"\S{25,}")
_JOINT = re.compile(r"\\_|(?<=\w)[./](?=\w)")
"""Where a long word, such as the name of a setting, may go on in the next line."""


@dataclass(frozen=True)
class _Size:
    """Letters of a table, and what they come to in a line of 345 points, which the article class has at 10 points."""

    command: str
    characters: int
    """Of a line."""
    gap: float
    """Between two columns, in characters."""

    def left(self, taken: int, columns: int, texts: int) -> float:
        """Characters that are left of a line, below 0 where a table does not fit."""
        return self.characters - taken - self.gap * (columns - 1) - _NARROWEST * texts


_SIZES = (
    _Size(r"\small", 74, 2.6),
    _Size(r"\footnotesize\setlength{\tabcolsep}{3pt}", 82, 1.4),
    _Size(r"\scriptsize\setlength{\tabcolsep}{3pt}", 86, 1.5),
)
"""The first in which a table fits is taken, or the last."""
_SHRUNK = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def tex_table(table: PageTable) -> str:
    r"""The table as a float with caption and label; its columns stand without rules between them, as booktabs asks for.

    What a narrow document leaves out is named in a comment. A table in smaller letters than \small is made
    narrower where it is wider than the line, since how wide letters are is known to LaTeX alone.
    """
    places = [place for place in range(len(table.head)) if place not in table.left_out]
    head = [table.head[place] for place in places]
    body = [[row[place] for place in places] for row in table.body]
    columns, size = _columns(head, body, {n for n, place in enumerate(places) if place in table.right})
    dropped = [table.head[place] for place in table.left_out]
    comment = [f"% left out, since a column of a paper is narrow: {_one_line(', '.join(dropped))}"] if dropped else []
    notes = [rf"\par\smallskip {escaped_tex(note)}" for note in table.notes]
    shrunk = size != _SIZES[0].command
    lines = [
        r"% \usepackage{booktabs,graphicx}" if shrunk else r"% \usepackage{booktabs}",
        *comment,
        r"\begin{table}[t]",
        rf"\centering{size}",
        rf"\caption{{{escaped_tex(table.title)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        *([_SHRUNK] if shrunk else []),
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _row(head),
        r"\midrule",
        *(_row(row) for row in body),
        r"\bottomrule",
        r"\end{tabular}" + ("}" if shrunk else ""),
        *([r"\begin{flushleft}\footnotesize", *notes, r"\end{flushleft}"] if notes else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped_tex(text: str) -> str:
    """A text in one line in which no character is a command; a minus before a number is one."""
    flat = "".join(_SPECIAL.get(character, character) for character in _one_line(text))
    flat = re.sub(r"(?<!-)--+", lambda run: "{-}".join(run.group()), flat)
    flat = _LONG_WORD.sub(lambda word: _JOINT.sub(r"\g<0>\\allowbreak{}", word.group()), flat)
    return _NUMBER.sub("$-$", flat)


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def _columns(head: Sequence[str], body: Sequence[Sequence[str]], right: Container[int]) -> tuple[str, str]:
    """(columns of the tabular, size of its letters); long texts share what all else leaves of the line."""
    widths = [max(map(len, cells)) for cells in zip(head, *body, strict=True)]
    texts = [n for n, width in enumerate(widths) if n not in right and width > LONGEST_CELL]
    taken = sum(width for n, width in enumerate(widths) if n not in texts)
    rooms = [(size, size.left(taken, len(head), len(texts))) for size in _SIZES]
    size, room = next((pair for pair in rooms if pair[1] >= 0), rooms[-1])
    characters = _NARROWEST + max(room, 0) / max(len(texts), 1)
    share = f"p{{{characters / size.characters:.2f}\\linewidth}}"
    return "".join("r" if n in right else share if n in texts else "l" for n in range(len(head))), size.command


def _row(cells: Sequence[str]) -> str:
    """The cells of a line; a bracket or star after the line break before would be an argument of that."""
    line = " & ".join(map(escaped_tex, cells))
    return ("{}" if line.startswith(("[", "*")) else "") + line + r" \\"
