"""Where one text may be cut in two, so that no word is split and nothing is lost."""

from __future__ import annotations

from benchbench.data.messages import shared_prefix

_WITHOUT_SPACES = (
    (0x3000, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFF60),
    (0x20000, 0x3134F),
)
"""Chinese and Japanese characters and their punctuation: a word may end before and after each."""


def common_beginning(first: str, second: str) -> int:
    """Length of the longest common beginning that ends at the end of a word in both texts.

    A single space at the cut goes with what follows; other white space stays with the beginning.
    """
    end = shared_prefix(first, second)
    while end and not (_may_cut(first, end) and _may_cut(second, end)):
        end -= 1
    return end - 1 if end and first[end - 1] == " " and not first[: end - 1].endswith(" ") else end


def _may_cut(text: str, at: int) -> bool:
    """Whether a word ends here: white space or the text's end on one side, or a script that has no spaces."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    return before.isspace() or after.isspace() or _stands_alone(before) or _stands_alone(after)


def _stands_alone(character: str) -> bool:
    code = ord(character)
    return any(low <= code <= high for low, high in _WITHOUT_SPACES)
