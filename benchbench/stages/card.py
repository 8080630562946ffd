"""The model card of a folder that a stage left: what is known when a training ends, before anything is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchbench.core.records import StageRecord
from benchbench.data.model_files import ADAPTER_FILE
from benchbench.report.card_facts import CardFacts
from benchbench.report.model_card import FILE, model_card
from benchbench.stages.context import Result, StageContext


def write_card(context: StageContext[Any], folder: Path, record: StageRecord, result: Result) -> None:
    """Write README.md into a model folder, in the place of the one that peft leaves beside adapters.

    Args:
        context: of the stage.
        folder: of the model that it left.
        record: of the attempt, whose versions of packages are told.
        result: what the training came to.
    """
    facts = CardFacts(
        title=context.spec.title,
        key=context.spec.key,
        settings=context.spec.as_json()["settings"],
        packages=record.environment.get("packages", {}),
        summary=result.summary,
        tokens=result.tokens,
        is_adapter=(folder / ADAPTER_FILE).is_file(),
        start=context.spec.inputs.get("policy", ""),
    )
    model_card(facts).save(folder / FILE)
