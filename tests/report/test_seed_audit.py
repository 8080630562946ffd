"""What seeds reach, in the words of a table."""

from __future__ import annotations

from benchbench.comparison.pairs.replicates import replicates
from benchbench.comparison.pairs.seed_rows import SeedRow
from benchbench.report.seed_audit import NOTHING, seed_lines, seed_records, seed_rows


def sets(**values: int | None) -> dict[int, frozenset[int]]:
    return {int(name[1:]): frozenset([] if used is None else [used]) for name, used in values.items()}


ROW = SeedRow(
    "dpo",
    "tiny",
    {
        ("initialisation", "sft"): sets(s1=1, s2=2),
        ("order", "preference"): sets(s1=42, s2=42),
        ("order", "sft"): sets(s1=42, s2=42),
        ("sampling", "generate"): sets(s1=1, s2=None),
    },
    replicates([1, 2], {"dpo": [1, 1]}),
    "settings",
    (2,),
    "nothing to compare",
)


def test_a_stream_says_what_it_is_drawn_from():
    (shown,) = seed_rows([ROW], ("initialisation", "order", "dropout", "sampling"))
    assert shown == {
        "row": "dpo",
        "seeds": "1 2",
        "runs": "1 of 2",
        "initialisation": "sft: its seed",
        "order": "preference, sft: 42 at every seed",
        "dropout": NOTHING,
        "sampling": "generate: 1 at 1, nothing at 2",
        "losses": "nothing to compare",
    }


def test_copies_single_seeds_and_what_was_not_looked_at_are_told():
    alone = SeedRow("ipo", "tiny", {}, replicates([1], {"ipo": [1]}), "settings", (), "")
    lines = seed_lines([ROW, alone])
    assert lines[0] == "dpo: seed variance not estimated (2 seeds are one run: 1, 2)"
    assert "ipo: no run of seed 2, which other rows have" in lines
    assert any(line.startswith("ipo: one seed") for line in lines)
    assert lines[-1].endswith("since not all are scored: dpo")


def test_the_file_has_every_seed():
    (record,) = seed_records([ROW])
    assert record["runs"] == [[1, 2]] and record["not_run"] == [2]
    assert {"stream": "sampling", "stage": "generate", "from": {"1": [1], "2": []}} in record["draws"]
