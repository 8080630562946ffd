"""What the README promises a newcomer: its order, its size, and a setting that works as written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from harness import MICRO, ROOT, Finished, bench

README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = (
    "Install, and two commands",
    "What it prints",
    "Your own model and data",
    "Your own method",
    "Why believe it",
    "The paper, and its status",
    "Commands",
    "Extend, contribute, cite",
)
MOST_LINES = 160


def test_it_says_things_in_order_and_briefly():
    assert tuple(re.findall(r"^## (.+)$", README, flags=re.MULTILINE)) == ORDER
    assert len(README.splitlines()) <= MOST_LINES


def test_its_table_has_three_rows_and_is_read():
    part = README.split("<!-- excerpt tiny: begin -->")[1].split("<!-- excerpt tiny: end -->")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| method", "| :---", "| dpo", "| simpo", "| sft"]
    assert "Over 3 seeds and 1000 held-out pairs: `simpo` is " in part


@pytest.fixture
def setting(finished: Finished, tmp_path: Path) -> Path:
    """The README's setting, with a model and pairs where it looks for them."""
    text = README.split("```yaml\n")[1].split("```")[0]
    assert len(text.splitlines()) == 12
    shutil.copytree(next(iter((finished.runs / "sft").iterdir())) / "model", tmp_path / "my_model")
    pairs = [{"prompt": f"prompt {i}", "chosen": f"yes {i}", "rejected": f"no {i}"} for i in range(40)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    (tmp_path / "my_setting.yaml").write_text(text)
    return tmp_path / "my_setting.yaml"


def test_the_setting_can_be_compared_as_written(setting: Path, tmp_path: Path):
    """But for the length, which is more than the tests' model has places for."""
    line = ("compare", "dpo", "simpo", "--setting", setting, "--dry-run", "--json", "--runs", tmp_path / "runs")
    refused = bench(*line)
    assert refused.code == 2 and refused.err.count("max_length") == 1 and "1 problem" in refused.err
    ended = bench(*line, "--set", "tokenization.max_length=64")
    assert ended.code == 0, ended.err
    assert ended.json["cells"] == 9


OWN = README.split("## Your own method\n")[1].split("\n## ")[0]


def test_a_method_of_ones_own_is_shown_in_under_thirty_lines():
    assert len(OWN.strip().splitlines()) < 30


def test_a_method_of_ones_own_works_as_written(away: Path):
    """Its commands letter by letter; the comparison on a setting of seconds, by two more words."""
    (text,) = re.findall(r"```python\n(.*?)```", OWN, flags=re.DOTALL)
    (away / "my_method.py").write_text(text, encoding="utf-8")
    check, compare = [line.split()[1:] for line in OWN.splitlines() if line.startswith("    bench ")]
    checked = bench(*check)
    assert checked.code == 0 and "keeps the contract" in checked.out, checked.out
    planned = bench(*compare, "--dry-run", "--json")
    assert planned.code == 0 and any(s["stage"].startswith("my_method seed 42") for s in planned.json["stages"])
    ended = bench(*compare, "--setting", MICRO, "--seeds", 1, "--workers", 1, "--pairs-only")
    assert ended.code == 0, ended.err
    assert [row.split()[0] for row in ended.out.splitlines() if " untuned" in row] == ["dpo", "my_method"]
    assert bench("methods", "show", "./my_method.py").out.startswith("my_method: ")
    written = bench("methods", "new", "another")
    assert written.code == 0 and bench("methods", "check", "./another.py").code == 0
