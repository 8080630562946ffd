"""The key of a server, looked for in what the server says, before any of it is shown or stored."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

MASK = "***"
SHORTEST_SECRET = 8
"""Characters; servers without keys take words such as `EMPTY` or `x`, which are no secrets and part of any answer."""
SHORTEST_PART = 12
"""Characters of a key that are looked for by themselves: a server may cut it, as error messages do."""


def without_key(text: str, key: str | None) -> str:
    """A text with a mask wherever it repeats the key, or a part of it that is long enough to be known by.

    It is looked for as it is, backwards, in hex, in a URL, and in base64 of it or around it.

    Args:
        text: of a server.
        key: that it was sent; none, or one that is too short to be a secret, masks nothing.
    """
    if key is None or len(key) < SHORTEST_SECRET:
        return text
    for form, _ in _forms(key):
        text = text.replace(form, MASK)
    for length, parts in _parts(key).items():
        text = _masked(text, length, parts)
    return text


def _masked(text: str, length: int, parts: frozenset[str]) -> str:
    """The text with one mask for each run of characters that stand in parts of the key."""
    pieces: list[str] = []
    kept_to = place = 0
    while place + length <= len(text):
        if text[place : place + length] not in parts:
            place += 1
            continue
        pieces += [text[kept_to:place], MASK]
        kept_to = place + length
        while kept_to < len(text) and text[kept_to - length + 1 : kept_to + 1] in parts:
            kept_to += 1
        place = kept_to
    return "".join([*pieces, text[kept_to:]])


@lru_cache(maxsize=4)
def _parts(key: str) -> dict[int, frozenset[str]]:
    """Length -> every part of that length of every form of the key."""
    parts: dict[int, set[str]] = {}
    for form, length in _forms(key):
        parts.setdefault(length, set()).update(form[at : at + length] for at in range(len(form) - length + 1))
    return {length: frozenset(texts) for length, texts in parts.items()}


def _forms(key: str) -> Iterator[tuple[str, int]]:
    """Texts that give the key away, each with the length of a part of it."""
    content = key.encode()
    yield key, SHORTEST_PART
    yield key[::-1], SHORTEST_PART
    yield quote(key, safe=""), SHORTEST_PART
    yield content.hex(), 2 * SHORTEST_PART
    yield content.hex().upper(), 2 * SHORTEST_PART
    for before in range(3):  # base64 writes three bytes as four characters, so what stands before may shift it
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * before + content).decode().rstrip("=")
            first = -(-before * 8 // 6)  # characters that hold bits of what stands before
            last = len(encoded) - ((before + len(content)) % 3 != 0)  # as is the last one of what comes after
            yield encoded[first:last], 4 * SHORTEST_PART // 3
