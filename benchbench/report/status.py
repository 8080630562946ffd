"""What a table says of a row whose form is unverified, that is a text twin, or that is untuned: mark and footnote."""

from __future__ import annotations

from collections.abc import Iterable

UNTUNED = "untuned"
STATUS_NOTES = {
    "form unverified": "form unverified: a part of the published loss could not be checked against its source; "
    "`bench methods show NAME` has the open question",
    "twin": "twin: a text form of a method for another modality, never a reproduction of it; "
    "`bench methods show NAME` says of what",
    UNTUNED: "untuned: its hyper-parameters were not chosen on a validation split; "
    "`bench tune METHOD --grid KEY=V1,V2` chooses, and --write-recipe keeps the choice",
}
"""Mark of a row -> its footnote."""


def status_notes(marks: Iterable[str]) -> tuple[str, ...]:
    """The footnotes of the marks that a table shows, each once; marks of other kinds explain themselves."""
    shown = set(marks)
    return tuple(note for mark, note in STATUS_NOTES.items() if mark in shown)
