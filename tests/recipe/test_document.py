"""YAML 1.2 documents with the place of every value."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.recipe.document import describe, read_document

from .toys import write


def read(tmp_path, text):
    return read_document(write(tmp_path, text))


def refusal(tmp_path, text) -> str:
    with pytest.raises(BenchError) as caught:
        read(tmp_path, text)
    assert caught.value.status == 2
    return str(caught.value).removeprefix(f"{tmp_path}/")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5e-7", 5e-7),
        ("5E-7", 5e-7),
        ("1e3", 1e3),
        ("-2.5", -2.5),
        ("3", 3),
        ("0123", 123),
        ("0x1F", 31),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("'5e-7'", "5e-7"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("3949bf5f8c17", "3949bf5f8c17"),
        ("[1, no, {a: 2}]", [1, "no", {"a": 2}]),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_values_are_read_as_yaml_1_2(tmp_path, written, value):
    found = read(tmp_path, f"key: {written}\n").values["key"]
    assert found == value and type(found) is type(value)


def test_a_commit_hash_of_digits_and_one_e_reads_as_a_number(tmp_path):
    """The trap that exact types catch afterwards: see test_faults."""
    assert read(tmp_path, "revision: 3949e12\n").values["revision"] == 3949e12


def test_only_plain_types_are_left(tmp_path):
    """Round-trip types of the parser would reach hashes and equality."""
    document = read(tmp_path, "a: {b: [1, 2.5, text, true, null]}\n")
    assert type(document.values["a"]) is dict and type(document.values["a"]["b"]) is list
    assert [type(v) for v in document.values["a"]["b"]] == [int, float, str, bool, type(None)]


def test_every_key_knows_its_line(tmp_path):
    path = write(
        tmp_path, "# a comment\nname: x\n\npreference:\n  learning_rate: 5e-7   # peak\n  reward: {source: stage}\n"
    )
    assert read_document(path).origins == {
        "name": f"{path}:2",
        "preference": f"{path}:4",
        "preference.learning_rate": f"{path}:5",
        "preference.reward": f"{path}:6",
        "preference.reward.source": f"{path}:6",
    }


def test_a_key_written_twice_is_refused_with_its_line(tmp_path):
    text = "name: x\npreference:\n  learning_rate: 1\n  max_steps: 2\n  learning_rate: 3\n"
    assert refusal(tmp_path, text) == "toy.yaml:5: key 'learning_rate' is written twice; keep one of the two"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: x\nlist: [1, 2\nother: 3\n", 3),
        ("name: x\n\tindented: 1\n", 2),
        ("name: 'x\n", 2),
        ("a: b: c\n", 1),
        ("name: x\n---\nname: y\n", 2),
        ("name: *nowhere\n", 1),
    ],
)
def test_broken_yaml_is_refused_with_its_line(tmp_path, text, line):
    assert refusal(tmp_path, text).startswith(f"toy.yaml:{line}: not valid YAML: ")


def test_a_missing_file_says_where_recipes_are(tmp_path):
    with pytest.raises(BenchError) as caught:
        read_document(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path}/none.yaml: no such file; `bench recipes ls` lists the recipes there are"


def test_a_folder_or_a_binary_file_is_refused(tmp_path):
    with pytest.raises(BenchError, match="cannot be read as UTF-8 text"):
        read_document(tmp_path)
    (tmp_path / "weights.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BenchError, match="cannot be read as UTF-8 text"):
        read_document(tmp_path / "weights.yaml")


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "nothing"), ("# only a comment\n", "nothing"), ("- 1\n- 2\n", "a list"), ("text\n", "something else")],
)
def test_what_is_no_mapping_is_refused(tmp_path, text, found):
    assert refusal(tmp_path, text) == f"toy.yaml: expected a mapping of keys to values, got {found}"


def test_values_are_described_in_words():
    found = [describe(v) for v in (None, False, 3, 5e-7, "x", [1], {"a": 1})]
    assert found == [
        "nothing",
        "the truth value False",
        "the number 3",
        "the number 5e-07",
        "the text 'x'",
        "a list",
        "a mapping",
    ]
