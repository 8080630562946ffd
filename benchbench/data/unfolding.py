"""Files in gzip, unfolded within a limit: a megabyte of gzip may stand for a gigabyte of nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

from benchbench.core.errors import BenchError

FREE_BYTES = 1 << 28
"""What any file may unfold to."""
MOST_TIMES = 100
"""Beyond that, how many times as large as the file; texts are folded to a fifth."""
FOLDED = b"\x1f\x8b"
"""How files in gzip begin."""
_BLOCK = 1 << 20


def unfolded(path: Path) -> bytes:
    """What a file in gzip was before.

    Raises:
        BenchError: it would be far larger than such a file is.
        OSError: it cannot be read, or is not in gzip.
        EOFError: it is cut short.
        zlib.error: it is damaged.
    """
    most = max(FREE_BYTES, MOST_TIMES * path.stat().st_size)
    blocks: list[bytes] = []
    size = 0
    with gzip.open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > most:
                raise BenchError(
                    f"{path}: expected a file that unfolds to {most / 2**20:.3g} MiB or less, found a larger one; "
                    "unfold it (gunzip) and look at it, or split it"
                )
    return b"".join(blocks)
