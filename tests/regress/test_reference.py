"""What is committed under results/reference/ comes out again; `make regress` trains a new seed and a canary as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import ROOT, bench

from benchbench.commands.reference.documents import excerpt
from benchbench.store.reference import ReferenceStore

FOLDER = ROOT / "results" / "reference" / "tiny"


@pytest.fixture(scope="module")
def reference() -> ReferenceStore:
    return ReferenceStore(FOLDER)


def test_the_committed_numbers_follow_from_rows_and_checkpoint(tmp_path: Path):
    ended = bench("regress", FOLDER, "--tier", 1, "--tier", 2, "--runs", tmp_path, "--device", "cpu", "--json")
    assert ended.code == 0, ended.out + ended.err
    found = [(row["tier"], row["verdict"]) for row in ended.json]
    assert found == [("1 recompute", "same"), ("1 recompute", "same"), ("2 re-score", "same")]
    assert ended.json[0]["what"].startswith("1600 measurements from 80000 rows")
    # four rows against the chosen responses, three against dpo, ten seeds, five numbers each
    assert ended.json[1]["what"].startswith("350 win rates from ")


def test_headline_numbers_have_ten_seeds_or_more(reference: ReferenceStore):
    frame = reference.measurements()
    headline = frame[(frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")]
    assert set(headline["method"]) >= {"sft", "dpo", "simpo", "ddo_rm"}
    assert (headline.groupby("method")["seed"].nunique() >= 10).all()


def test_the_documents_show_the_committed_tables(reference: ReferenceStore):
    assert reference.tables().strip() in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_follows_from_the_committed_rows(tmp_path: Path):
    """The excerpt, made again; `make tables` writes it where a rule of the statistics changed."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- excerpt tiny: begin -->\n{excerpt(FOLDER, runs=tmp_path)}\n<!-- excerpt tiny: end -->" in readme


def test_the_committed_checkpoint_is_small():
    assert sum(path.stat().st_size for path in (FOLDER / "checkpoint").iterdir()) <= 4 * 2**20


def test_make_regress_runs_every_tier_and_the_canary():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "bench regress results/reference/tiny --canary data.options.flip_rate=1.0" in makefile
    assert "make regress" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
