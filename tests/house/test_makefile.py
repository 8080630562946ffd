"""Every target of the Makefile is run by `.ci/run` or shown to work by a test, and this says which."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from harness import ROOT, run_make

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
SHOWN_BY = {
    "setup": ".ci/run",
    "test": ".ci/run",
    "check": ".ci/run",
    "smoke": ".ci/run",
    "regress": ".ci/run",
    "demo": "tests/cli/test_documented_lines.py::test_the_demo_plans_three_seeds_of_its_methods_and_sft",
    "test-slow": "tests/house/test_makefile.py::test_slow_tests_are_those_that_make_test_leaves_out",
    "soak": "tests/soak/test_soak.py::test_a_comparison_that_is_killed_six_times_ends_in_the_same_bytes",
    "fuzz": "tests/house/test_makefile.py::test_make_fuzz_has_more_cases_than_ci",
    "bench": "tests/speed/test_sections.py::test_ours_beside_trl_in_float32",
    "leaderboard": "tests/house/test_makefile.py::test_make_leaderboard_writes_where_the_committed_page_is",
    "golden": "tests/docs/test_add_a_method.py::test_the_golden_run_of_the_new_method_moves_no_other",
    "tables": "tests/regress/test_reference.py::test_make_tables_makes_the_committed_files_again",
    "docs": "tests/house/test_makefile.py::test_make_docs_writes_the_pages",
    "constraints": "tests/house/test_constraints.py::test_make_constraints_writes_what_is_installed",
    "clean": "tests/house/test_makefile.py::test_make_clean_removes_what_was_made_and_nothing_else",
}
"""Target -> what runs it, or the test that shows what it does."""


def targets() -> set[str]:
    """The targets of the Makefile that are no files."""
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, flags=re.MULTILINE))


def commands(target: str) -> str:
    """What a target would run, set-up left out; nothing is run."""
    return run_make("--dry-run", target, cwd=ROOT)


def test_every_target_is_shown_to_work():
    assert targets() == set(SHOWN_BY)
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("target", SHOWN_BY)
def test_what_shows_it_is_there(target: str):
    file, _, name = SHOWN_BY[target].partition("::")
    if not name:
        assert f"make {target}\n" in CI or (target == "setup" and "test: setup" in MAKEFILE)
        return
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("target", sorted(set(SHOWN_BY) - {"setup", "clean"}))
def test_a_target_runs_programs_that_are_there(target: str):
    """Modules by name, folders of tests, scripts of the environment."""
    said = commands(target)
    assert said.strip()
    for module in re.findall(r"python -m ([\w.]+)", said):
        folder = ROOT / Path(*module.split("."))
        path = folder / "__main__.py" if folder.is_dir() else folder.with_suffix(".py")
        assert module == "pytest" or path.is_file(), module
        if module != "pytest":
            text = path.read_text(encoding="utf-8")
            assert 'if __name__ == "__main__":' in text, f"{module} would do nothing"
    for folder in re.findall(r" (tests/[\w/]+)", said):
        assert (ROOT / folder).exists()


def test_slow_tests_are_those_that_make_test_leaves_out():
    chosen = {target: re.findall(r'-m "([^"]+)"', commands(target))[0] for target in ("test", "test-slow")}
    assert chosen == {
        "test": "not slow and not gpu and not network",
        "test-slow": "slow and not gpu and not network",
    }


def test_make_fuzz_has_more_cases_than_ci():
    assert "BENCH_FUZZ_CASES=20000 " in commands("fuzz") and commands("fuzz").strip().endswith("tests/fuzz")
    assert "BENCH_FUZZ_CASES=2000 make test\n" in CI


def test_make_docs_writes_the_pages():
    """The command is the one that the pages' own test compares with."""
    assert commands("docs").strip().endswith("python -m tests.docs.pages --write")


def test_make_leaderboard_writes_where_the_committed_page_is():
    """What it writes there is compared with its table in tests/store/test_leaderboards.py."""
    words = commands("leaderboard").split()
    assert words[words.index("--write") + 1] == "results/leaderboard"
    assert words[words.index("leaderboard") :][:3] == ["leaderboard", "--setting", "tiny"]


def test_make_clean_removes_what_was_made_and_nothing_else(tmp_path: Path):
    kept = ("results/reference/tiny/rows.parquet", "results/mine/report.md", "benchbench/a.py")
    made = ("runs/sft/a/status.json", "results/tiny/report.md", "build/a", "dist/a.whl", ".ruff_cache/a")
    for name in (*kept, *made):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    run_make("clean", cwd=tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
