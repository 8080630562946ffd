"""Stages as data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchbench.core.records import StageRecord, StageSpec

SPEC = StageSpec(
    kind="sft",
    title="sft seed 42",
    settings={"seed": 42, "training": {"learning_rate": 5e-7, "betas": (0.9, 0.98)}, "lora": None},
    inputs={"policy": "sft/0123456789abcdef"},
    run={"model_path": "/somewhere", "training": {"save_steps": 10}},
)


def test_a_spec_comes_back_from_a_file_with_the_same_identity():
    """JSON turns tuples to lists, which must not make another stage of it."""
    again = StageSpec.from_json(json.loads(json.dumps(SPEC.as_json())))
    assert again.key == SPEC.key and again.as_json() == json.loads(json.dumps(SPEC.as_json()))


def test_a_key_is_kind_and_fingerprint():
    assert SPEC.key == f"sft/{SPEC.fingerprint}" and len(SPEC.fingerprint) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "preference"},
        {"settings": {**SPEC.settings, "seed": 13}},
        {"settings": {**SPEC.settings, "training": {"learning_rate": 5.1e-7, "betas": (0.9, 0.98)}}},
        {"inputs": {}},
        {"inputs": {"policy": "sft/0123456789abcdee"}},
        {"inputs": {"reference": "sft/0123456789abcdef"}},
    ],
    ids=str,
)
def test_what_reaches_the_numbers_makes_another_stage(change):
    assert replace(SPEC, **change).fingerprint != SPEC.fingerprint


@pytest.mark.parametrize("change", [{"title": "other"}, {"run": {"model_path": "/elsewhere"}}], ids=str)
def test_titles_paths_and_memory_settings_do_not(change):
    assert replace(SPEC, **change).key == SPEC.key


def test_a_record_without_environment_is_refused():
    with pytest.raises(ValueError, match="^sft/x: a record without environment$"):
        StageRecord("sft/x", "done", {})
    assert StageRecord("sft/x", "done", {"device": "cpu"}).attempts == 1


@pytest.mark.parametrize(
    ("status", "message", "diverged"),
    [
        ("failed", "training diverged at step 3: loss nan", True),
        ("failed", "out of memory; training diverged", False),
        ("done", "training diverged at step 3", False),
    ],
)
def test_a_record_says_whether_training_diverged(status: str, message: str, diverged: bool):
    """The message is the one that tests/stages/test_divergence.py finds in a stage that diverged."""
    record = StageRecord("preference/0", status, {"device_kind": "cpu"}, message=message)
    assert record.has_diverged == diverged
