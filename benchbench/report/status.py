"""What a table says of a method whose form is unverified, or that is a text twin: a mark, and a footnote for it."""

from __future__ import annotations

from collections.abc import Iterable

STATUS_NOTES = {
    "form unverified": "form unverified: a part of the published loss could not be checked against its source; "
    "`bench methods show NAME` has the open question",
    "twin": "twin: a text form of a method for another modality, never a reproduction of it; "
    "`bench methods show NAME` says of what",
}
"""Mark of a row -> its footnote."""


def status_notes(marks: Iterable[str]) -> tuple[str, ...]:
    """The footnotes of the marks that a table shows, each once; marks of other kinds explain themselves."""
    shown = set(marks)
    return tuple(note for mark, note in STATUS_NOTES.items() if mark in shown)
