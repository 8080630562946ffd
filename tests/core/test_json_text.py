"""JSON of anybody is read within limits, or refused with one kind of error."""

from __future__ import annotations

import json

import pytest

from benchbench.core.json_text import DEEPEST, JsonTextError, parse_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "values nested too deep"),
        ("[" * 900 + "]" * 900, "values nested too deep"),
        ('{"a": ' * 150 + "1" + "}" * 150, "values nested too deep"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "values nested too deep"),
        ("9" * 5000, "a number of too many digits"),
        ("hf_secret", "Expecting value"),
        ("", "Expecting value"),
        ("\ufeff{}", "Unexpected UTF-8 BOM"),
        (b"\xff\xfe{\x00}\x00", "no UTF-8: invalid start byte at byte 0"),
    ],
)
def test_what_cannot_be_read_is_one_error_that_quotes_nothing(text: str | bytes, said: str):
    with pytest.raises(JsonTextError) as refusal:
        parse_json(text)
    assert str(refusal.value).startswith(said) and "secret" not in str(refusal.value)
    assert isinstance(refusal.value, ValueError), "whoever took damage for a ValueError still does"


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "[" * 500]}, [[]] * 500, json.loads("[" * 100 + "]" * 100)])
def test_what_files_have_is_read(value: object):
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value).encode()) == value
