"""`bench fetch`: what a recipe reads, on this machine, with its content hashes."""

from __future__ import annotations

from harness import MICRO, Finished, bench


def test_every_part_is_listed_with_its_hash(finished: Finished):
    rows = bench("fetch", "dpo", "--setting", MICRO, "--runs", finished.runs, "--json").json
    parts = {row["part"]: row for row in rows}
    assert set(parts) >= {"weights", "tokenizer", "data, sft", "data, train", "data, test"}
    assert parts["weights"]["name"] == "from_config"
    assert parts["tokenizer"]["name"] == "trained"
    assert all(len(row["content hash"]) >= 16 for row in rows)
    assert len({row["content hash"] for row in rows}) == len(rows)
    assert {row["verified"] for row in rows if row["part"].startswith("data")} == {"examples by their content hash"}
    assert parts["weights"]["verified"] is parts["tokenizer"]["verified"] is None
    assert {row["record"] for row in rows} == {None}
    assert not (finished.runs / "fetched").exists()
