"""Headers of safetensors files: names and sizes of the tensors, without reading any number. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.json_text import parse_json

_LENGTH_BYTES = 8
"""The file begins with the length of its header, little-endian."""


class DamagedFileError(Exception):
    """A file that is not a whole safetensors file; says what was expected and found."""


@dataclass(frozen=True)
class TensorEntry:
    """One tensor, as the header describes it."""

    dtype: str
    shape: tuple[int, ...]


def tensor_table(path: Path) -> Mapping[str, TensorEntry]:
    """Name -> shape of every tensor in a safetensors file; the file's size is what its header says.

    Raises:
        DamagedFileError: it is cut short, too long, or no safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        length = int.from_bytes(handle.read(_LENGTH_BYTES), "little")
        if size < _LENGTH_BYTES or length > size - _LENGTH_BYTES:
            raise _damaged(f"{size} bytes, too few for its header")
        text = handle.read(length)
    try:
        header = parse_json(text)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        tensors = {name: TensorEntry(str(entry["dtype"]), tuple(entry["shape"])) for name, entry in entries.items()}
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        raise _damaged("a header that cannot be read") from None
    if _LENGTH_BYTES + length + end != size:
        raise _damaged(f"{size} bytes where its header says {_LENGTH_BYTES + length + end}")
    return tensors


def _damaged(fault: str) -> DamagedFileError:
    return DamagedFileError(
        f"expected a whole safetensors file, found {fault}: the file is damaged; copy or download it again"
    )
