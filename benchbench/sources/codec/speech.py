"""Utterances of the codec world, and the process that speaks them.

A speaker says syllables. Each syllable lasts one frame or more, and each frame is a point on a ring: the syllable's
place, moved by the speaker's, with binomial noise. A residual quantiser writes the point as codes: the coarse code is
the cell that it falls in, the residual code the place inside the cell. So every probability is an exact fraction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import comb
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from numpy.random import Generator

SYLLABLES = tuple(c + v for c in "bdgk" for v in "aeio")
SPEAKERS = ("anna", "ben", "carl", "dora")
CELLS = 32
"""Coarse codes."""
PLACES = 4
"""Residual codes: places inside a cell."""
RING = CELLS * PLACES
NOISE = 12
"""Coins of the binomial noise; its standard deviation is sqrt(12) / 2 = 1.7 places."""
STAY = 0.5
"""Probability that a syllable lasts another frame."""

_Choice = TypeVar("_Choice")
_PROMPT = re.compile(rf"(?P<speaker>{'|'.join(SPEAKERS)}) says(?P<syllables>(?: (?:{'|'.join(SYLLABLES)}))+)")
_CODE = {1: re.compile(r"c(\d+)"), 2: re.compile(r"[cr](\d+)")}


def pick(rng: Generator, choices: Sequence[_Choice]) -> _Choice:
    """One of the choices, each equally likely; uses exactly one uniform number."""
    return choices[int(rng.random() * len(choices))]


@dataclass(frozen=True)
class Utterance:
    """What one prompt asks to be spoken."""

    speaker: str
    syllables: tuple[str, ...]

    @property
    def text(self) -> str:
        """The prompt, such as `anna says ba do ki`."""
        return f"{self.speaker} says {' '.join(self.syllables)}"

    def centres(self) -> tuple[int, ...]:
        """Where on the ring each syllable lies in this speaker's voice."""
        moved = SPEAKERS.index(self.speaker) * 2
        return tuple(SYLLABLES.index(syllable) * RING // len(SYLLABLES) + moved for syllable in self.syllables)

    def key_fraction(self) -> float:
        """In [0, 1), from the syllables alone: decides between test, validation and training, in every world."""
        key = " ".join(self.syllables)
        return int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big") / 2**56


def draw_utterance(rng: Generator, fewest: int, most: int) -> Utterance:
    """A random utterance: speaker, number of syllables and each of them equally likely."""
    speaker, count = pick(rng, SPEAKERS), pick(rng, range(fewest, most + 1))
    return Utterance(speaker, tuple(pick(rng, SYLLABLES) for _ in range(count)))


@lru_cache(maxsize=65536)
def read_utterance(text: str) -> Utterance:
    """The utterance that a prompt of this world asks for.

    Raises:
        ValueError: the text is no prompt of this world.
    """
    parts = _PROMPT.fullmatch(" ".join(text.split()))
    if parts is None:
        raise ValueError(f"expected a prompt of the codec world, got the text '{text}'")
    return Utterance(parts["speaker"], tuple(parts["syllables"].split()))


def speak(rng: Generator, utterance: Utterance, layers: int, glitch_rate: float) -> str:
    """A draw of the process as codes, words separated by single spaces: `c7 c8`, or with two layers `c7 r2 c8 r0`.

    Args:
        rng: a frame takes as many numbers whatever the glitch rate, so that rates share their draws.
        utterance: what is spoken.
        layers: 1 writes coarse codes alone, 2 each with its residual code.
        glitch_rate: probability of a frame to be anywhere on the ring.
    """
    frames = []
    for centre in utterance.centres():
        while True:
            glitch, anywhere, stays, *coins = rng.random(3 + NOISE).tolist()
            heads = sum(coin < 0.5 for coin in coins)
            frames.append(int(anywhere * RING) if glitch < glitch_rate else (centre + heads - NOISE // 2) % RING)
            if stays >= STAY:
                break
    return " ".join(_words(point, layers) for point in frames)


def _words(point: int, layers: int) -> str:
    coarse, residual = divmod(point, PLACES)
    return f"c{coarse}" if layers == 1 else f"c{coarse} r{residual}"


def read_frames(text: str, layers: int) -> tuple[tuple[int, ...], ...] | None:
    """For each frame the points of the ring that its codes may stand for; none where the text is not made of codes."""
    words = text.split()
    numbers = []
    for at, word in enumerate(words):
        is_coarse = at % layers == 0
        code = _CODE[layers].fullmatch(word)
        if code is None or (word[0] == "c") != is_coarse or int(code[1]) >= (CELLS if is_coarse else PLACES):
            return None
        numbers.append(int(code[1]))
    if len(numbers) % layers or not numbers:
        return None
    if layers == 1:
        return tuple(tuple(range(cell * PLACES, (cell + 1) * PLACES)) for cell in numbers)
    return tuple((cell * PLACES + place,) for cell, place in zip(numbers[::2], numbers[1::2], strict=True))


@cache
def emission(points: tuple[int, ...], centre: int, glitch_rate: float) -> float:
    """Probability of a frame to be one of these points while a syllable of this centre is spoken."""
    total = 0.0
    for point in points:
        heads = (point - centre + NOISE // 2) % RING
        total += comb(NOISE, heads) / 2**NOISE if heads <= NOISE else 0.0
    return (1 - glitch_rate) * total + glitch_rate * len(points) / RING
