"""Content hashes."""

from __future__ import annotations

import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.hashing import FINGERPRINT_LENGTH, canonical, fingerprint
from benchbench.store.file_hashes import file_hash

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(VALUES)
def test_the_order_of_keys_does_not_matter(value):
    assert canonical(value) == canonical(reordered(value))


@given(st.lists(st.integers(), min_size=2, unique=True))
def test_the_order_of_a_list_does(values):
    assert fingerprint(values) != fingerprint(values[::-1])


def test_the_canonical_text_by_hand():
    value = {"b": [1, 2.5, None], "a": {"é": True, "rate": 5e-7}}
    assert canonical(value) == '{"a":{"rate":5e-07,"é":true},"b":[1,2.5,null]}'


def test_values_of_other_types_have_other_fingerprints():
    values = [1, 1.0, "1", True, None, [1], {"1": 1}]
    assert len({fingerprint(value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {"a": [math.nan]}])
def test_what_is_not_finite_has_no_hash(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        fingerprint(value)


def test_an_object_has_no_hash():
    with pytest.raises(TypeError):
        fingerprint({"a": object()})


def test_a_fingerprint_is_the_head_of_sha256():
    expected = hashlib.sha256(b'{"a":1}').hexdigest()
    assert fingerprint({"a": 1}) == expected[:FINGERPRINT_LENGTH] and FINGERPRINT_LENGTH == 16


def test_a_file_is_hashed_whole(tmp_path):
    """3 MiB and one byte: more than one block, and not a whole number of them."""
    content = bytes(range(256)) * 4096 * 3 + b"x"
    (tmp_path / "weights").write_bytes(content)
    assert file_hash(tmp_path / "weights") == hashlib.sha256(content).hexdigest()
