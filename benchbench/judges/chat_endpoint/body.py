"""The body of a server's answer, read within a limit: a megabyte of gzip may stand for a gigabyte of blanks."""

from __future__ import annotations

import zlib

import httpx

MOST_BYTES = 1 << 24
"""16 MiB: of an answer as it is sent, and as it is unfolded; completions have a thousandth of it."""
ENCODINGS = "gzip, deflate"
"""What a server may fold its answers with."""
_EITHER = 32 + zlib.MAX_WBITS
"""Lets zlib see whether its own header or that of gzip comes."""


class OversizedError(Exception):
    """An answer that is larger than any completion."""


async def bounded(response: httpx.Response) -> httpx.Response:
    """A streamed answer with its whole body, unfolded.

    httpx unfolds what comes without a limit, so the bytes are read as they were sent, and unfolded here.

    Args:
        response: of `AsyncClient.stream`, unread.

    Raises:
        OversizedError: it is larger than `MOST_BYTES`.
        httpx.DecodingError: it is not folded as it says, or in a way that was not asked for.
    """
    content = bytearray()
    async for block in response.aiter_raw():
        content += block
        if len(content) > MOST_BYTES:
            raise OversizedError
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    headers = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=_unfolded(bytes(content), encoding))


def _unfolded(content: bytes, encoding: str) -> bytes:
    if encoding in ("identity", ""):
        return content
    if encoding not in ENCODINGS.split(", "):
        raise httpx.DecodingError(f"expected {ENCODINGS} or nothing as its encoding, found {encoding[:40]}")
    try:
        unfolded = zlib.decompressobj(_EITHER).decompress(content, MOST_BYTES + 1)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
    if len(unfolded) > MOST_BYTES:
        raise OversizedError
    return unfolded
