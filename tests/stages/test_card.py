"""The card that a stage leaves beside its model is no part of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.core.records import StageRecord, StageSpec
from benchbench.data.model_files import ADAPTER_FILE
from benchbench.stages.card import write_card
from benchbench.stages.context import Result


class Context:
    """As much of a stage's context as a card is made of."""

    spec = StageSpec("sft", "sft seed 1", {"data": {"split": "train", "hash": "d"}}, {"policy": "sft/before"}, {})


@pytest.mark.parametrize("is_adapter", [False, True])
def test_a_card_takes_the_place_of_peft_s(tmp_path: Path, is_adapter: bool):
    if is_adapter:
        (tmp_path / ADAPTER_FILE).write_text("{}")
    (tmp_path / "README.md").write_text("of peft")
    record = StageRecord("sft/abc", "running", {"packages": {"benchbench": "1.0"}})
    write_card(Context(), tmp_path, record, Result(90, {"steps": 3}))
    text = (tmp_path / "README.md").read_text()
    assert "of peft" not in text and "run by benchbench 1.0" in text and "3 steps, 90 tokens" in text
    assert f"library_name: {'peft' if is_adapter else 'transformers'}" in text and "`sft/before`" in text
