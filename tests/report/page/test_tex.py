"""Tables as LaTeX, read by a small reader of what booktabs tables may hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchbench.report.page.blocks import PageTable
from benchbench.report.page.make import make_page
from benchbench.report.page.tex import escaped_tex, tex_table
from tests.report.page.stored import EVIL, stored

COMMANDS = {
    "begin end toprule midrule bottomrule caption label centering small footnotesize scriptsize setlength tabcolsep "
    "par smallskip linewidth resizebox ifdim width else fi allowbreak "
    "textbackslash textasciitilde textasciicircum textless textgreater textbar char"
}


def cells(line: str) -> list[str]:
    """Cells of a row: ampersands that are not escaped divide them."""
    return re.split(r"(?<!\\) & ", line.removesuffix(r" \\"))


def check(text: str) -> None:
    """Environments are closed in order, braces match, and no character is left that TeX reads as something else."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    open_environments: list[str] = []
    for which, name in re.findall(r"\\(begin|end)\{(\w+)\}", body):
        if which == "begin":
            open_environments.append(name)
        else:
            assert open_environments.pop() == name
    assert open_environments == []
    bare = re.sub(r"\\[&%$#_{}]|\\\\|(?<=\{)%$|(?<=width)>(?=.linewidth)", "", body, flags=re.MULTILINE)
    assert bare.count("{") == bare.count("}")
    assert {name for name in re.findall(r"\\([a-zA-Z]+)", bare)} <= set(next(iter(COMMANDS)).split())
    assert not set(re.sub(r"\$-\$", "", bare)) & set('%#_^~$"<>|')


@pytest.mark.parametrize("table", make_page(stored()).tables, ids=lambda table: table.name)
def test_every_table_of_a_page_is_sound(table: PageTable):
    text = tex_table(table)
    check(text)
    (spec,) = re.findall(r"\\begin\{tabular\}\{@\{\}(.*)@\{\}\}", text)
    columns = re.sub(r"p\{[^}]*\}", "p", spec)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert all(len(cells(row)) == len(columns) == len(table.head) - len(table.left_out) for row in rows)
    assert len(rows) == 1 + len(table.body)
    assert "|" not in spec and r"\toprule" in text and r"\bottomrule" in text


def test_seeds_are_left_out_of_a_narrow_table_and_it_says_so():
    (main,) = [table for table in make_page(stored()).tables if table.name == "pair_accuracy_logp_mean"]
    text = tex_table(main)
    assert "% left out, since a column of a paper is narrow: seeds 13, 42, 3407" in text
    assert text.count("seeds 13") == 1


def test_a_long_text_has_what_the_numbers_leave_of_a_line_and_letters_are_smaller_where_that_is_little():
    """74 characters less 6 of the name, 26 of an interval and two gaps of 2.6 are 37, half of the line."""
    body, words = "+0.0140 [+0.0028, +0.0252]", "so very many words that all together are a mark"

    def text(numbers: int) -> str:
        head = ["method", *map(str, range(numbers)), "marks"]
        return tex_table(PageTable("t", "title", head, [["dpo", *[body] * numbers, words]], range(1, 1 + numbers)))

    assert r"\centering\small" in text(1) and r"{@{}lrp{0.50\linewidth}@{}}" in text(1)
    assert r"\centering\scriptsize\setlength{\tabcolsep}{3pt}" in text(3) and "lrrrp{0.16" in text(3)


def test_what_stands_beside_a_win_rate_is_left_out_and_a_missing_verdict_is_not():
    def head(missing: str) -> list[int]:
        columns = ["method", "win rate [95%]", "missing", "characters"]
        body = [["dpo", "0.5 [0.4, 0.6]", missing, "54.7"]]
        return list(PageTable.of_texts("title", columns, body, name="t").left_out)

    assert head("0") == [2, 3] and head("4") == [3]


@pytest.mark.parametrize("evil", [EVIL, r"\input{/etc/passwd}", "50% & $x$ #1 {a} ~^_", "--option", "a\nb"])
def test_no_text_is_a_command(evil: str):
    check(tex_table(PageTable("t", evil, ["method", evil], [[evil, evil]], notes=[evil])))


def test_a_minus_before_a_number_is_one_and_a_hyphen_stays():
    assert escaped_tex("-0.01 [-0.04, +0.02] near-equal 1e-3") == "$-$0.01 [$-$0.04, +0.02] near-equal 1e-3"


def test_a_long_name_may_go_on_in_the_next_line_and_a_number_may_not():
    assert escaped_tex("dpo_tiny 0.0125") == r"dpo\_tiny 0.0125"
    broken = escaped_tex("model.from_config.rope_parameters")
    assert broken.replace(r"\allowbreak{}", "") == r"model.from\_config.rope\_parameters"
    assert broken.count(r"\allowbreak{}") == 4


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="no LaTeX on this machine (Debian: texlive-latex-recommended)"
)
def test_latex_sets_every_table_of_a_page(tmp_path: Path):
    evil = [EVIL, r"\input{/etc/passwd}", "50% & $x$ #1 {a} ~^_ [b] a--b ?`", "[0.1, 0.2]"]
    tables = [
        *make_page(stored()).tables,
        PageTable("evil", EVIL, ["method", *evil], [["a", *evil], [EVIL, *evil], ["[1pt]", *evil], ["*", *evil]]),
    ]
    body = "\n".join(map(tex_table, tables))
    head = "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n"
    text = f"{head}{body}\n\\end{{document}}\n"
    (tmp_path / "tables.tex").write_text(text, encoding="utf-8")
    ended = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "tables.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:]
    lines = re.findall(r"Overfull .hbox \([\d.]+pt too wide\) .* at lines (\d+)--", ended.stdout)
    evil_from = text[: text.index("tab:evil")].count("\n")
    assert [line for line in map(int, lines) if line < evil_from - 10] == [], "a table is wider than the line"
    assert "LaTeX Warning: Reference" not in ended.stdout and "Missing character" not in ended.stdout


def test_characters_without_a_picture_are_seen_and_not_typeset():
    assert escaped_tex("a\x1b[2J\x00b\u202ec") == r"a\textbackslash{}x1b[2J\textbackslash{}x00b\textbackslash{}u202ec"
