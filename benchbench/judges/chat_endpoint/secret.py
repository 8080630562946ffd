"""The key of a server, looked for in what the server says, before any of it is shown or stored."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

MASK = "***"
SHORTEST_SECRET = 8
"""Characters; servers without keys take words such as `EMPTY` or `x`, which are no secrets and part of any answer."""


def without_key(text: str, key: str | None) -> str:
    """A text with a mask wherever it repeats the key: as it is, in hex, in a URL, or in base64 of it or around it.

    Args:
        text: of a server.
        key: that it was sent; none, or one that is too short to be a secret, masks nothing.
    """
    if key is None or len(key) < SHORTEST_SECRET:
        return text
    for form in _forms(key):
        text = text.replace(form, MASK)
    return text


def _forms(key: str) -> Iterator[str]:
    """Texts that give the key away."""
    content = key.encode()
    yield key
    yield quote(key, safe="")
    yield content.hex()
    yield content.hex().upper()
    for before in range(3):  # base64 writes three bytes as four characters, so what stands before may shift it
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * before + content).decode().rstrip("=")
            first = -(-before * 8 // 6)  # characters that hold bits of what stands before
            last = len(encoded) - ((before + len(content)) % 3 != 0)  # as is the last one of what comes after
            yield encoded[first:last]
