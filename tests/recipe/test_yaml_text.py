"""YAML of anybody: read within limits, or refused in one message."""

from __future__ import annotations

import time

import pytest

from benchbench.recipe.yaml_text import YamlTextError, read_yaml

LEVELS = zip("abcdefgh", "bcdefghi", strict=True)
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 10)}]\n" for p, c in LEVELS)
DEEP = "expected at most 40 values within each other, found more"


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (BOMB, "expected at most 50000 values, found more, aliases written out", 5),
        ("a: " + "[" * 5000 + "]" * 5000, DEEP, 1),
        ("b: 1\na: " + "[" * 5000, DEEP, 2),
        ("a: " + "{a: " * 5000 + "1" + "}" * 5000, DEEP, 1),
        ("a: " + "[x," * 5000, DEEP, 1),
        ("a:\n  " + "- " * 5000 + "1", DEEP, 2),
        ("? " * 5000 + "1", DEEP, 1),
        ("".join(" " * depth + "a:\n" for depth in range(500)), DEEP, 41),
        ("a: " + "9" * 5000, "expected numbers of at most 300 digits, found one of 5000", 1),
        ("a: 0x" + "f" * 5000, "expected numbers of at most 300 digits, found one of 5002", 1),
        ("a: &x [*x]", "expected values that end, found an alias of a value within itself", 1),
        ("a: &x {<<: *x}", "expected values that end, found an alias of a value within itself", 1),
        ("a: !!python/object/apply:os.system [ls]", "expected plain values, found a tag", 1),
        ("b: 1\na: !!int x", "expected plain values, found a tag", 2),
        ("a: !!omap [b: 1]", "expected plain values, found a tag", 1),
        ("b: 2024-02-28\na: 2024-02-30", "expected a date that there is, found another; put a text in quotes", 2),
        ("a: 2024-02-03T25:61:61Z", "expected a date that there is, found another; put a text in quotes", 1),
        ('a: "\\Uffffffff"', "expected plain values, found what no type of YAML 1.2 has", None),
        ("a: b\n" * 300_000, "expected at most 1 MiB, found more", None),
        ("a: 1\na: 2", "key 'a' is written twice; keep one of the two", 2),
        ("a: b\0c", "not valid YAML (ReaderError)", None),
        ("%YAML 1.1\n---\na: no", "expected YAML 1.2, found a directive that says otherwise", 2),
        ("%TAG ! tag:x,2000:\n---\na: 1", "expected plain values, found a directive %TAG", 2),
        ("a: 1\n---\nb: 2", "not valid YAML", 2),
        ("b: 1\na: 9223372036854775808", "expected whole numbers from -2^63 to below 2^63, found another", 2),
        ("a: [1, -9223372036854775809]", "expected whole numbers from -2^63 to below 2^63, found another", 1),
        ('a: {b: "x\\0y"}', "expected texts without NUL characters", 1),
        ("b: 1\n[a]: 1", "expected a text as a key, found something else", 2),
        ("{a: 1}: 1", "expected a text as a key, found something else", 1),
        ('1: a\n"1": b', "expected every key once, found two that are the same text", 2),
        (".nan: 1\n.NaN: 2", "key 'nan' is written twice", 2),
        ("#\n" * 300_000, "expected at most 10000 lines, found more", None),
        ("a: 1" + "\r" * 300_000, "expected at most 10000 lines, found more", None),
        ("a: [" + "1," * 20_000 + "]", "expected at most 10000 values, found more", 1),
        ("a: 0x" + "_" * 200_000, "expected plain values, found what no type of YAML 1.2 has", None),
        ("%YAML 9.9\n---\na: 1", "not valid YAML: found incompatible YAML document", 1),
    ],
)
def test_a_costly_or_odd_text_is_refused_at_once(text: str, message: str, line: int | None):
    begin = time.process_time()
    with pytest.raises(YamlTextError) as refusal:
        read_yaml(text)
    assert str(refusal.value).startswith(message) and refusal.value.line == line
    assert time.process_time() - begin < 3, "one that hangs takes minutes"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: '!text [[['", {"a": "!text [[["}),
        ("a: 5e-7\nb: no", {"a": 5e-7, "b": "no"}),
        ("a: " + "x" * 5000, {"a": "x" * 5000}),
        ("a: '" + "9" * 5000 + "'", {"a": "9" * 5000}),
        ("a: [" + "[]," * 1000 + "]", {"a": [[]] * 1000}),
        ("%YAML 1.2\n---\na: no", {"a": "no"}),
        ("a: 9223372036854775807\nb: {3407: x}", {"a": 2**63 - 1, "b": {3407: "x"}}),
        ("a: 12:30\nb: 010", {"a": "12:30", "b": 10}),
    ],
)
def test_what_recipes_have_is_read(text: str, value: object):
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    "text", ["*SECRET", '"SECRET', "{SECRET", "@SECRET", "a: !SECRET x", "SECRET: [", "a: 'SECRET"]
)
def test_no_message_quotes_a_text(text: str):
    with pytest.raises(YamlTextError) as refusal:
        read_yaml(text)
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x " * 100_000,
        "a: " + "_" * 200_000,
        "a: " + "." * 200_000,
        "a: 2001-01-01 " + "0" * 200_000,
        "a: 1 #" + " " * 200_000,
        "".join(f"k{n}: 1 # x\n" for n in range(2_000)),
    ],
    ids=["words", "underscores", "dots", "date", "comment", "comments"],
)
def test_a_long_text_is_read_in_time(text: str):
    """Whatever its scalars look like: an expression of the parser that went back would take hours."""
    begin = time.process_time()
    assert read_yaml(text)
    assert time.process_time() - begin < 3


def test_the_date_that_is_none_is_looked_for_among_few():
    text = "".join(f"- {year:04d}-01-01\n" for year in range(1, 2000)) + "- 2024-02-30\n"
    begin = time.process_time()
    with pytest.raises(YamlTextError, match="expected plain values, found what no type of YAML 1.2 has"):
        read_yaml(text)
    assert time.process_time() - begin < 8
