"""What is committed under results/reference/ comes out again; `make regress` trains a new seed and a canary as well."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from harness import ROOT, bench, run_make

from benchbench.store.reference import ReferenceStore

FOLDER = ROOT / "results" / "reference" / "tiny"


@pytest.fixture(scope="module")
def reference() -> ReferenceStore:
    return ReferenceStore(FOLDER)


@pytest.mark.slow  # `make regress`, which CI runs beside the tests, says the same or fails
def test_the_committed_numbers_follow_from_rows_and_checkpoint(tmp_path: Path):
    ended = bench("regress", FOLDER, "--tier", 1, "--tier", 2, "--runs", tmp_path, "--device", "cpu", "--json")
    assert ended.code == 0, ended.out + ended.err
    found = [(row["tier"], row["verdict"]) for row in ended.json["findings"]]
    assert found == [*[("1 recompute", "same")] * 3, ("2 re-score", "same")]
    assert ended.json["findings"][0]["what"].startswith("3200 measurements from 80000 rows")
    # four rows against the chosen responses, three against dpo, ten seeds, five numbers each
    assert ended.json["findings"][1]["what"].startswith("350 win rates from ")


def test_the_manifest_lists_every_committed_file_as_it_is(reference: ReferenceStore):
    assert reference.faults() == []
    files = [path for path in FOLDER.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert reference.listed_files == len(files) - 1  # all but the manifest itself


def test_headline_numbers_have_ten_seeds_or_more(reference: ReferenceStore):
    frame = reference.measurements()
    headline = frame[(frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")]
    assert set(headline["method"]) >= {"sft", "dpo", "simpo", "ddo_rm"}
    assert (headline.groupby("method")["seed"].nunique() >= 10).all()


def test_make_tables_makes_the_committed_files_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From rows and verdicts alone: what follows from them, and the marked parts of the documents, to the byte.

    Save the last digits of sums in the two tables: processors of other kinds round them otherwise. The line that make
    would start is run in this process, which has imported what takes seconds.
    """
    for name in ("recipes", "results"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "tiny.lock"))
    documents = ("README.md", "docs/results.md")
    (tmp_path / "docs").mkdir()
    for name in documents:
        text = (ROOT / name).read_text(encoding="utf-8")
        marked = re.compile(r"(<!-- (\w+ tiny): begin -->\n).*?(\n<!-- \2: end -->)", flags=re.DOTALL)
        assert len(marked.findall(text)) == 1
        (tmp_path / name).write_text(marked.sub(r"\1lost\3", text), encoding="utf-8")
    derived = [
        tmp_path / "results/reference/tiny" / name for name in ("tables.md", "measurements.csv", "win_rates.csv")
    ]
    for path in derived[:1]:
        path.write_text("lost", encoding="utf-8")
    for path in derived[1:]:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table.assign(value="0.25").to_csv(path, index=False)
    python, flag, module, *words = run_make("-n", "tables", cwd=tmp_path).splitlines()[-1].split()
    assert (Path(python).name, flag) == ("python", "-m")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [module, *words])
    monkeypatch.delitem(sys.modules, module, raising=False)  # it runs as a program does
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    for path in (derived[0], *(tmp_path / name for name in documents)):
        assert path.read_bytes() == (ROOT / path.relative_to(tmp_path)).read_bytes(), path.name
    for path in derived[1:]:
        committed = pd.read_csv(ROOT / path.relative_to(tmp_path))
        pd.testing.assert_frame_equal(pd.read_csv(path), committed, rtol=1e-12, atol=1e-15, obj=path.name)
    assert ReferenceStore(tmp_path / "results/reference/tiny").faults() == []
    assert (FOLDER / "tables.md").read_text(encoding="utf-8").strip() in (ROOT / documents[1]).read_text(
        encoding="utf-8"
    )


def test_the_committed_checkpoint_is_small():
    assert sum(path.stat().st_size for path in (FOLDER / "checkpoint").iterdir()) <= 4 * 2**20


def test_make_regress_runs_every_tier_and_the_canary():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "bench regress results/reference/tiny --canary data.options.flip_rate=1.0" in makefile
    assert "make regress" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
