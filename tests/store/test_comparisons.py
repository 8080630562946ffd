"""What is kept of a comparison comes back as it was, or not at all."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchbench.store.comparisons import read_comparison, write_comparison

VALUES = {"z": [1.5, "x", None], "a": {"rows": [{"method": "dpo", "auc": 0.1 + 0.2}]}, "files": ["b", "a"]}


def test_values_come_back_with_mappings_in_their_order(tmp_path: Path):
    write_comparison(tmp_path, "abc", VALUES)
    kept = read_comparison(tmp_path, "abc")
    assert kept == VALUES
    assert list(kept) == ["z", "a", "files"] and list(kept["a"]["rows"][0]) == ["method", "auc"]


def test_numbers_that_are_none_come_back_as_such(tmp_path: Path):
    write_comparison(tmp_path, "abc", {"p": math.nan, "high": math.inf})
    kept = read_comparison(tmp_path, "abc")
    assert kept is not None and math.isnan(kept["p"]) and kept["high"] == math.inf


def test_nothing_is_kept_under_another_key(tmp_path: Path):
    write_comparison(tmp_path, "abc", VALUES)
    assert read_comparison(tmp_path, "abd") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("dpo", "ipo"),
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: '{"comparison": {}}',
        lambda text: "\udcff",
    ],
    ids=["a text", "half of it", "empty", "a list", "without its hash", "no text"],
)
def test_what_was_changed_is_as_if_it_were_not_there(tmp_path: Path, change):
    write_comparison(tmp_path, "abc", VALUES)
    path = tmp_path / "comparisons" / "abc.json"
    path.write_bytes(change(path.read_text(encoding="utf-8")).encode("utf-8", "surrogateescape"))
    assert read_comparison(tmp_path, "abc") is None
