"""Texts that are nearly the same: MinHash finds candidates, the Jaccard index of their word n-grams decides.

Broder 1997 (resemblance of documents by shingles and min-wise hashing). Word 5-grams and a Jaccard index of 0.8 are
what Lee et al. 2022 (arXiv:2107.06499) are known for in deduplication; not checked against the paper. Hashing is that
of `datasketch`, with bands of 5 of 125 permutations: a pair at an index of 0.8 is missed once in 20,000 times
((1 - 0.8^5)^25 = 5e-5), and one that is no near duplicate is never reported, since the index itself is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from benchbench.core.example import Message

WORDS = 5
"""Words of a shingle; a shorter text is one shingle, so that it is near only to the same words."""
SIMILARITY = 0.8
"""Least Jaccard index of near duplicates."""
_BANDS, _ROWS = 25, 5
_SEED = 1
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+"
)
"""A run of letters and digits; of Chinese, Japanese and Korean, which put no space between words, one character."""

Shingles = NDArray[np.uint64]
"""The distinct shingles of a text by their hashes of 64 bits, in order."""


class Neighbour(NamedTuple):
    """The text that another one nearly is."""

    place: int
    """Index of the text."""
    similarity: float
    """Jaccard index of the two, in [SIMILARITY, 1]."""


def shingles(text: str) -> Shingles:
    """The distinct runs of five words of a text; capitals, punctuation and white space do not count.

    A text without any word is taken as it stands.
    """
    words = _WORD.findall(text.casefold()) or [text.strip()]
    last = max(len(words) - WORDS, 0)
    runs = {" ".join(words[at : at + WORDS]).encode("utf-8", "surrogatepass") for at in range(last + 1)}
    return np.unique(np.frombuffer(b"".join(blake2b(run, digest_size=8).digest() for run in runs), np.uint64))


def similarity(first: Shingles, second: Shingles) -> float:
    """Jaccard index of two sets of shingles, in [0, 1]."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def conversation_text(prompt: Iterable[Message]) -> str:
    """The turns of a prompt as one text, without those of the system, which all prompts of a data set may share."""
    return "\n".join(message.content for message in prompt if message.role != "system")


class NearIndex:
    """Texts to which near ones are looked for; equal sets of shingles are kept once."""

    def __init__(self) -> None:
        from datasketch import MinHash, MinHashLSH

        self._hashes = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
        self._empty = MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, hashfunc=_low_bits)
        self._shingles: dict[int, Shingles] = {}
        self._places: dict[bytes, int] = {}

    def nearest(self, text: Shingles) -> Neighbour | None:
        """The most similar text of the index, of equal ones the earliest; none where no text is near."""
        return self._nearest(text, None)

    def add(self, place: int, text: Shingles) -> Neighbour | None:
        """Put a text into the index under its place, and give the most similar one of those before it.

        Of texts with the same words the first stays alone.
        """
        sketch = None if text.tobytes() in self._places else self._sketch(text)
        neighbour = self._nearest(text, sketch)
        if sketch is not None:
            self._places[text.tobytes()], self._shingles[place] = place, text
            self._hashes.insert(place, sketch, check_duplication=False)
        return neighbour

    def _nearest(self, text: Shingles, sketch: Any) -> Neighbour | None:
        if (equal := self._places.get(text.tobytes())) is not None:
            return Neighbour(equal, 1.0)
        if not self._places:
            return None
        places = cast("list[int]", self._hashes.query(sketch or self._sketch(text)))  # what `add` put in
        near = [
            Neighbour(place, index)
            for place in places
            if (index := similarity(text, self._shingles[place])) >= SIMILARITY
        ]
        return min(near, key=lambda each: (-each.similarity, each.place), default=None)

    def _sketch(self, text: Shingles) -> Any:
        sketch = self._empty.copy()
        sketch.update_batch(text.tolist())
        return sketch


def index_of(texts: Sequence[Shingles]) -> NearIndex:
    """The index of texts, by their places."""
    index = NearIndex()
    for place, text in enumerate(texts):
        index.add(place, text)
    return index


def nearest_earlier(texts: Sequence[Shingles]) -> list[Neighbour | None]:
    """[n] for each text the most similar one of those before it, where one is near."""
    index = NearIndex()
    return [index.add(place, text) for place, text in enumerate(texts)]


def _low_bits(shingle: int) -> int:
    """The hash of a shingle as MinHash wants it, in 32 bits."""
    return shingle & 0xFFFFFFFF
