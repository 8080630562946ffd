"""Ids and categories of rows are shown, escaped and kept; they lead nowhere, and no form of output obeys them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Ended, bench, finish, generate_section, tree
from integrity.executor import HereExecutor

from benchbench.commands import run_plan
from benchbench.core.shown_text import is_number, visible
from benchbench.store.rows import read_rows

HOSTILE = {
    "a path": "../../escaped/x",
    "absolute": "/tmp/escaped-absolute",
    "control characters": "a\x00\x07\b\tb\r\nc",
    "escapes": "\x1b[31mred\x1b]0;title\x07",
    "reading order": "\u202egnp.exe",
    "markup": "[/x] [bold]y[/bold]",
    "a formula": '=HYPERLINK("http://x";"y")',
    "plus": "+1+cmd|'/C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "long": "L" * 10_000,
    "elements": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "TeX": "\\input{/etc/passwd} $x_1$ % & # ~ ^",
    "a table": "a|b `c` [d](javascript:alert(1))",
}
IDS = [*HOSTILE.values()]
SPLITS = ("sft", "reward", "train", "test")


class Rows:
    """A folder with rows, a setting over them, and its finished comparison."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs, self.results = folder, folder / "runs", folder / "results"
        self.setting, self.prompts, self.subsets = (folder / f for f in ("mine.yaml", "prompts.jsonl", "subsets.jsonl"))

    def run(self, *words: object, results: bool = False) -> Ended:
        """A command over the setting, after which nothing stands where it should not and nothing was obeyed."""
        return harmless(bench(*words, "--runs", self.runs, *(("--results", self.results) if results else ())))


def harmless(ended: Ended) -> Ended:
    said = ended.out + ended.err
    assert "Traceback" not in said and re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said) is None, said[:2000]
    return ended


def _rows(split: str) -> Iterator[str]:
    for number, name in enumerate(IDS):
        shown = name[:20]
        row = {"id": name, "prompt": f"{split} {number} {shown}", "chosen": f"good {shown}", "rejected": f"bad {shown}"}
        yield json.dumps(row) + "\n"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    home = Rows(tmp_path_factory.mktemp("outer") / "a" / "b" / "c")
    home.folder.mkdir(parents=True)
    for split in SPLITS:
        (home.folder / f"{split}.jsonl").write_text("".join(_rows(split)), encoding="utf-8")
    files = ", ".join(f"{split}: {split}.jsonl" for split in SPLITS)
    data = f"data: {{source: local_files, options: {{files: {{{files}}}}}}}\n"
    text = re.sub(r"data:\n  source: toy\n  options: .*\n", data, MICRO.read_text(encoding="utf-8"))
    home.setting.write_text(text + generate_section(prompts=len(IDS), tokens=4), encoding="utf-8")
    asked = [{"id": name, "prompt": f"ask {n}", "category": name, "dataset": name} for n, name in enumerate(IDS)]
    home.prompts.write_text("".join(json.dumps(row) + "\n" for row in asked), encoding="utf-8")
    named = [{"id": name, "subset": name} for name in IDS]
    home.subsets.write_text("".join(json.dumps(row) + "\n" for row in named), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_plan, "open_executor", HereExecutor)
        finish(["dpo"], runs=home.runs, setting=home.setting)
        ended = home.run("compare", "dpo", "--setting", home.setting, "--seeds", 1, results=True)
        assert ended.code == 0, ended.err
        yield home


@pytest.fixture(autouse=True)
def _nothing_elsewhere(rows: Rows, tmp_path: Path) -> Iterator[None]:
    """Whatever a command writes stands in `runs/`, `results/` or the folder that it was given."""
    top = rows.folder.parents[2]
    before = {name for name in tree(top) if "/c/runs/" not in name}
    yield
    assert {name for name in tree(top) if "/c/runs/" not in name} == before
    assert not [*tmp_path.parent.glob("*escaped*")] and not Path(HOSTILE["absolute"]).exists()


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("form", ["alpaca_eval", "arena_hard", "reward_bench", "mt_bench", "states"])
def test_an_export_keeps_ids_as_texts_and_writes_inside_its_folder(rows: Rows, tmp_path: Path, form: str):
    out = tmp_path / "deep" / "est" / "out"
    more = {"reward_bench": ("--subsets", rows.subsets), "states": ("--seed", 1)}.get(form, ())
    more = more if form == "states" else (*more, "--seeds", 1)
    ended = rows.run("export", form, "dpo", "--setting", rows.setting, "--out", out, *more)
    files = {path.name: path for path in out.rglob("*") if path.is_file()}
    assert {path.resolve().is_relative_to(out) for path in files.values()} <= {True}
    assert [*tmp_path.rglob("*escaped*")] == []
    if form == "mt_bench":
        assert ended.code == 2 and "expected two turns, found one" in ended.err and files == {}
        return
    assert ended.code == 0, ended.err
    if form == "arena_hard":
        assert [row["uid"] for row in lines_of(files["dpo-seed1.jsonl"])] == IDS
    elif form == "reward_bench":
        assert {*IDS} <= json.loads(files["dpo-seed1.json"].read_text(encoding="utf-8")).keys()
    elif form == "states":
        assert {*read_rows(out, name="states.parquet")["example"]} == {*IDS}


def test_categories_of_a_prompt_file_are_texts_too(rows: Rows, tmp_path: Path):
    ended = rows.run("eval", "dpo", "--setting", rows.setting, "--prompts", rows.prompts, "--seeds", 1)
    assert ended.code == 0, ended.err
    for form in ("alpaca_eval", "arena_hard"):
        line = ("export", form, "dpo", "--setting", rows.setting, "--prompts", rows.prompts, "--seeds", 1)
        ended = rows.run(*line, "--out", tmp_path / form)
        assert ended.code == 0, ended.err
    written = json.loads((tmp_path / "alpaca_eval" / "dpo-seed1" / "model_outputs.json").read_text(encoding="utf-8"))
    assert [row["dataset"] for row in written] == IDS


@pytest.fixture(scope="module")
def page(rows: Rows) -> Path:
    """Every form of a report."""
    out = rows.folder.parents[2] / "page"
    ended = rows.run("report", "--format", "html", "md", "tex", "csv", "--out", out, results=True)
    assert ended.code == 0, ended.err
    return out


OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_no_form_of_a_report_holds_a_character_that_is_obeyed(page: Path):
    texts = {path: path.read_bytes().decode() for path in page.rglob("*") if path.is_file()}
    assert {path.suffix for path in texts} == {".html", ".md", ".tex", ".csv", ".svg"}
    assert [(path, OBEYED.findall(text)) for path, text in texts.items() if OBEYED.search(text)] == []


def test_a_page_has_no_element_of_a_row(page: Path):
    html = (page / "report.html").read_text(encoding="utf-8")
    assert html.count("<script") == 2 and "<img src=x" not in html and "javascript:alert" in html
    document = re.sub(r"^(`{3,})text\n.*?^\1$", "", (page / "report.md").read_text(encoding="utf-8"), flags=re.M | re.S)
    assert "<script" not in document and "<img src=x" not in document and "](javascript" not in document
    assert "&lt;script&gt;" in document or "\\x1b[31mred" in document


@pytest.fixture
def long_cells() -> Iterator[None]:
    """Python's module reads cells of a mebibyte, and what it read before afterwards; the limit is the process's."""
    before = csv.field_size_limit(1 << 20)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("long_cells")
def test_no_cell_of_a_table_begins_a_formula(page: Path):
    cells = [
        cell
        for path in (page / "csv").glob("*.csv")
        for row in csv.reader(path.read_text(encoding="utf-8").splitlines(keepends=True))
        for cell in row
    ]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and not is_number(cell)] == []
    assert f"'{HOSTILE['a formula']}" in cells and f"'{HOSTILE['at']}" in cells


def test_no_table_for_a_paper_has_a_command_of_a_row(page: Path):
    texts = "".join(path.read_text(encoding="utf-8") for path in (page / "tables").glob("*.tex"))
    assert r"pair\_accuracy" in texts and not any(name[:12] in texts for name in IDS if not name.isalpha())


@pytest.mark.parametrize("what", HOSTILE)
def test_a_row_is_found_by_its_id_and_shown_escaped(rows: Rows, what: str):
    name = HOSTILE[what]
    for line in (
        ("data", "dpo", "--split", "test", "--stage", "score"),
        ("samples", "dpo", "sft", "--seed", 1),
    ):
        ended = rows.run("show", *line, "--setting", rows.setting, "--id", name)
        assert ended.code == 0, ended.err
        ways = ["".join(visible(name, keep=keep).split()) for keep in ("", "\n\t", "\n")]
        assert any(way in "".join(ended.out.split()) for way in ways)
        values = rows.run("show", *line, "--setting", rows.setting, "--id", name, "--json")
        assert json.dumps(values.json).count(json.dumps(name)) >= 1


def test_an_id_that_no_row_has_is_a_message_of_bounded_length(rows: Rows):
    for name in ("\x1b[31m[/x]", "L" * 10_001):
        ended = rows.run("show", "data", "dpo", "--split", "test", "--setting", rows.setting, "--id", name)
        assert ended.code == 2 and len(ended.err) < 3000, ended.err[:300]


def test_half_of_a_surrogate_pair_is_no_id(rows: Rows, tmp_path: Path):
    text = rows.setting.read_text(encoding="utf-8").replace("test: test.jsonl", "test: odd.jsonl")
    setting, data = rows.folder / "odd.yaml", rows.folder / "odd.jsonl"
    try:
        setting.write_text(text, encoding="utf-8")
        data.write_text('{"id": "a\\ud800", "prompt": "a", "chosen": "b", "rejected": "c"}\n', encoding="utf-8")
        ended = rows.run("train", "dpo", "--setting", setting, "--dry-run")
        assert ended.code == 2 and "odd.jsonl" in ended.err and "an id is not valid Unicode" in ended.err
    finally:
        setting.unlink()
        data.unlink()
