"""Tables keep every character at every width, and can be read back from what is printed."""

from __future__ import annotations

import random

import pytest

from benchbench.report.terminal import fold, table_lines, wrapped_text
from tests.report.read_tables import read_stacked, read_table, squeezed

WIDTHS = (80, 100, 120)
CATALOGUE = [
    ("method_of_a_long_name_01", "pairwise", "Responses with part of their content removed, " * 3, "2402.10038"),
    ("dpo", "listwise", "-", "Melo et al. 2024"),
    ("two words", "pairwise", "", "2410.10148"),
]
ESTIMATES = [
    ("dpo", "0.4183 0.4200 0.4117", "0.4167 [0.3808, 0.4535]", "341/68/491", "0.0561"),
    ("ddo_rm@k4", "0.5183 0.5200 0.5117", "0.5167 [0.4808, 0.5535]", "391/68/441", "0.0561"),
]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("rows", [CATALOGUE, ESTIMATES], ids=["catalogue", "estimates"])
def test_a_table_is_read_back_from_its_columns(rows: list[tuple[str, ...]], width: int):
    head = [f"name {k}" for k in range(len(rows[0]))]
    lines = table_lines(head, rows, width=width)
    assert max(map(len, lines)) <= width
    assert read_table(lines) == [[squeezed(cell) for cell in row] for row in (head, *rows)]


@pytest.mark.parametrize("width", [20, 37, 80, 120])
def test_random_tables_lose_no_character_and_no_line_is_too_long(width: int):
    """Three layouts, told by their shape; whichever was taken, it has every cell."""
    draws = random.Random(width)
    for _ in range(60):
        columns = draws.randint(2, 9)
        head = [f"c{k}" for k in range(columns)]
        body = [
            [f"r{row}", *("x" * draws.randint(1, 12) + " y" * draws.randint(0, 20) for _ in head[1:])]
            for row in range(draws.randint(1, 5))
        ]
        lines = table_lines(head, body, width=width)
        assert max(map(len, lines)) <= width
        wanted = [[squeezed(cell) for cell in row] for row in (head, *body)]
        if lines[0].startswith("c0: "):
            assert [list(row.values()) for row in read_stacked(lines)] == wanted[1:]
        else:
            shown = read_table(lines)
            assert shown in (wanted, [list(column) for column in zip(*wanted, strict=True)])


def test_a_number_an_interval_and_an_id_stay_whole():
    """Where their columns do not fit, the rows are stacked."""
    ids = ("preference/3f2a9c81d07e55b1", "0.4167 [0.3808, 0.4535]", "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f")
    lines = table_lines(("key", "win rate", "revision"), [ids, ids], width=60)
    assert lines[:3] == [f"key: {ids[0]}", f"  win rate: {ids[1]}", f"  revision: {ids[2]}"]


def test_a_few_wide_rows_are_turned_into_columns():
    head = ("method", *(f"a_quantity_of_a_long_name_{k}" for k in range(6)))
    lines = table_lines(head, [("dpo", *"123456"), ("simpo", *"abcdef")], width=80)
    assert read_table(lines)[0] == ["method", "dpo", "simpo"]
    assert read_table(lines)[6] == ["a_quantity_of_a_long_name_5", "6", "f"]


def test_rows_are_told_apart_where_the_first_column_goes_on_too():
    rows = [("score of dpo seed 3407", "w " * 9, *"123"), ("", *"x456"), *[("reward of sft seed 3407", *"x789")] * 4]
    lines = table_lines(("stage", "what", "a", "b", "c"), rows, width=34)
    first_words = [line.split()[0] for line in lines[2:] if not line.startswith(" ")]
    assert first_words == ["score", "-", *["reward"] * 4] and len(lines) > 2 + len(rows)


def test_numbers_stand_to_the_right():
    assert table_lines(("m", "seconds"), [("a", "1.5"), ("b", "12")], width=80, right=(1,)) == [
        "m  seconds",
        "-  -------",
        "a      1.5",
        "b       12",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a b  c", ["a b c"]),
        ("one two three four", ["one two three", "  four"]),
        ("at [0.1, 0.2]", ["at [0.1, 0.2]"]),
        ("rate [0.1, 0.2]", ["rate", "  [0.1, 0.2]"]),
        (
            "runs/a/very/deep/folder/somewhere.yaml:12",
            ["runs/a/very/", "  deep/", "  folder/", "  somewhere.y", "  aml:12"],
        ),
        ("first\nsecond", ["first", "  second"]),
        ("漢字漢字漢字漢字", ["漢字漢字漢", "  字漢字"]),
    ],
    ids=["nothing", "spaces", "words", "interval", "interval goes on", "path", "lines", "wide characters"],
)
def test_a_text_is_folded_at_words_and_a_path_at_its_folders(text: str, lines: list[str]):
    assert fold(text, 13, hang="  ") == lines


def test_a_text_that_fits_is_left_as_it_is():
    text = "+0.0363 [-0.017, +0.090], p 0.099 (of [42, 13]): `a[0]` settles [x, y, z] not"
    assert fold(text, 100) == [text]


def test_lines_of_a_text_stay_apart_and_fit():
    assert wrapped_text("one two\n\n  three", 20) == ["one two", "", "  three"]
    assert wrapped_text("one two three", 8) == ["one two", "three"]
    assert wrapped_text("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert wrapped_text("\u4f60\u597d\u4f60\u597d", 4) == ["\u4f60\u597d", "\u4f60\u597d"], "two columns each"
    assert wrapped_text("", 9) == [""]
