"""How a trained reward-model stage reads texts, by its lock file. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError
from benchbench.core.hashing import canonical
from benchbench.core.identity import identity
from benchbench.data.files import content_hash
from benchbench.data.tokenize import VERSION
from benchbench.recipe.schema import TokenizationSection
from benchbench.store.runs import finished_stage

if TYPE_CHECKING:
    from benchbench.judges.reward_model.options import RewardModelOptions


def tokenization(options: RewardModelOptions, folder: Path) -> TokenizationSection:
    """The stage's tokenisation with what the options name; prompts are never dropped for their length.

    Raises:
        BenchError: not the folder of a finished reward-model stage, or one that drops over-long texts.
    """
    spec = finished_stage(folder)
    if spec.kind != "reward_model":
        raise BenchError(f"{folder}: expected a reward_model stage, found one of kind {spec.kind}")
    named = {"max_length": options.max_length, "truncation": options.truncation, "append_eos": options.append_eos}
    values = {
        **spec.settings["tokenization"],
        "max_prompt_length": None,
        "chat_template": spec.run["chat_template"],
        **{key: value for key, value in named.items() if value is not None},
    }
    if values["truncation"] == "drop":
        raise BenchError(
            f"judge reward_model: {folder} dropped over-long texts in training, a verdict cannot; "
            "set truncation to right, left or error"
        )
    return TokenizationSection.model_validate(values)


def model_settings(options: RewardModelOptions, folder: Path) -> dict[str, Any]:
    """`dtype`, `attn_implementation`, `trust_remote_code` and `pad_token` of the stage with what the options name."""
    settings = finished_stage(folder).settings["model"]
    return {
        "dtype": options.dtype or settings["dtype"],
        "attn_implementation": options.attn_implementation or settings["attn_implementation"],
        "trust_remote_code": settings["trust_remote_code"],
        "pad_token": settings["pad_token"],
    }


def reading(options: RewardModelOptions, folder: Path) -> Mapping[str, str]:
    """What of the lock file reaches a score, as text."""
    section = tokenization(options, folder)
    template = None if section.chat_template is None else content_hash(Path(section.chat_template))
    values = identity(section) | {"chat_template": template, "version": VERSION}
    return {"tokenization": canonical(values), "model": canonical(model_settings(options, folder))}
