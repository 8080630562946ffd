"""Keywords of a text by RAKE: no model, no corpus.

Rose, Engel, Cramer and Cowley 2010, "Automatic Keyword Extraction from Individual Documents": a text is cut into
phrases at stop words and punctuation; the score of a word is its degree (the summed length of the phrases it is in)
divided by its frequency.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import count

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be been but by can did do does for from had has have he her his how i if in into is it its
        me my no nor not of on or our she so than that the their them then there these they this to was we were what
        when where which who will with would you your
        """,
    )
)
"""English words that end a phrase and make no keyword; the list is ours."""


def keywords(text: str) -> list[str]:
    """Distinct keywords in lower case, the highest score first, of equal ones the first in the text."""
    frequency: dict[str, int] = {}
    degree: dict[str, int] = {}
    for phrase in _phrases(text.lower()):
        for word in phrase:
            frequency[word] = frequency.get(word, 0) + 1
            degree[word] = degree.get(word, 0) + len(phrase)
    return sorted(frequency, key=lambda word: -degree[word] / frequency[word])


def _phrases(text: str) -> list[list[str]]:
    phrases: list[list[str]] = []
    for part in re.split(r"[^\w\s]", text):
        phrases.append([])
        for word in re.findall(r"\w+", part):
            if word in STOP_WORDS:
                phrases.append([])
            else:
                phrases[-1].append(word)
    return phrases


def without_words(text: str, places: Set[int]) -> str:
    """The text without the words at some places, and without the gaps that they leave."""
    at = count()
    thinned = re.sub(r"\w+", lambda match: "" if next(at) in places else match[0], text)
    return re.sub(r"[ \t]+(?=[ \t.,;:!?]|$)", "", thinned).strip()
