"""Tables as LaTeX, for a column of a paper: `booktabs` is the one package that they need."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
_NUMBER = re.compile(r"(?<![\w.])-(?=\d)")


def tex_table(table: PageTable) -> str:
    """The table as a float with caption and label; its columns stand without rules between them, as booktabs asks for.

    What a narrow document leaves out is named in a comment.
    """
    places = [place for place in range(len(table.head)) if place not in table.left_out]
    head = [table.head[place] for place in places]
    body = [[row[place] for place in places] for row in table.body]
    columns = "".join(_column(place, [row[n] for row in body], table.right) for n, place in enumerate(places))
    dropped = [table.head[place] for place in table.left_out]
    comment = [f"% left out, since a column of a paper is narrow: {_one_line(', '.join(dropped))}"] if dropped else []
    notes = [rf"\par\smallskip {escaped_tex(note)}" for note in table.notes]
    lines = [
        r"% \usepackage{booktabs}",
        *comment,
        r"\begin{table}[t]",
        r"\centering\small",
        rf"\caption{{{escaped_tex(table.title)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _row(head),
        r"\midrule",
        *(_row(row) for row in body),
        r"\bottomrule",
        r"\end{tabular}",
        *([r"\begin{flushleft}\footnotesize", *notes, r"\end{flushleft}"] if notes else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped_tex(text: str) -> str:
    """A text in one line in which no character is a command; a minus before a number is one."""
    flat = "".join(_SPECIAL.get(character, character) for character in _one_line(text))
    flat = re.sub(r"(?<!-)--+", lambda run: "{-}".join(run.group()), flat)
    return _NUMBER.sub("$-$", flat)


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def _column(place: int, cells: Sequence[str], right: Sequence[int]) -> str:
    if place in right:
        return "r"
    return "p{0.45\\linewidth}" if any(len(cell) > LONGEST_CELL for cell in cells) else "l"


def _row(cells: Sequence[str]) -> str:
    """The cells of a line; a bracket or star after the line break before would be an argument of that."""
    line = " & ".join(map(escaped_tex, cells))
    return ("{}" if line.startswith(("[", "*")) else "") + line + r" \\"
