"""JSON files of anybody: whatever stands in their place ends in one message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.json_text import JsonTextError
from benchbench.data.json_files import MOST_BYTES, json_in, object_in


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "a pipe or a device in the place of a file"),
        ("zeros", "a pipe or a device in the place of a file"),
        ("folder", "a folder in the place of a file"),
        ("link", "No such file or directory"),
        ("circle", "Too many levels of symbolic links"),
        ("nothing", "No such file or directory"),
        ("large", "more than 256 MiB"),
        ("bytes", "no UTF-8"),
        ("deep", "values nested too deep"),
        ("list", "found list"),
    ],
)
def test_what_is_no_object_is_refused_and_not_waited_for(tmp_path: Path, kind: str, said: str):
    path = tmp_path / "config.json"
    if kind in ("pipe", "folder"):
        {"pipe": os.mkfifo, "folder": os.mkdir}[kind](path)
    elif kind in ("zeros", "link", "circle"):
        path.symlink_to({"zeros": "/dev/zero", "link": "nowhere", "circle": "config.json"}[kind])
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(MOST_BYTES + 1)
    elif kind != "nothing":
        path.write_bytes({"bytes": b"\xff", "deep": b"[" * 900 + b"]" * 900, "list": b"[1]"}[kind])
    with pytest.raises(BenchError) as refusal:
        object_in(path)
    assert str(refusal.value).startswith(f"{path}: expected one JSON object, found ") and said in str(refusal.value)
    if kind != "list":
        with pytest.raises(JsonTextError, match=said):
            json_in(path)
