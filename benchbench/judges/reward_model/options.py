"""Options of a reward model as a judge, and which of them which model reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchbench.core.errors import BenchError, Fault


@dataclass(frozen=True)
class RewardModelOptions:
    """Which model, and how it reads a text; never the model that trained the policies or labelled their data.

    Raises:
        ValueError: options that contradict each other.
    """

    model_name_or_path: str
    """Hub id or folder of a classifier with one label, or folder of a finished reward-model stage
    (`runs/reward_model/...`); relative to the recipe file."""
    revision: str | None = None
    """Commit of the hub repository; required for a hub id, refused for a folder."""
    soft: bool = False
    """The verdict is sigmoid(first - second), the Bradley-Terry probability, instead of 1, 0 or 0.5."""
    dtype: Literal["float32", "bfloat16"] | None = None
    """Precision of the weights; none: as the stage was trained, for a classifier float32."""
    attn_implementation: str | None = None
    """Attention kernel; none: as the stage was trained, for a classifier the default of transformers."""
    trust_remote_code: bool = False
    """For a classifier only: run code that comes with the model repository; a stage is loaded as it was trained."""
    max_length: int | None = None
    """Tokens of prompt and response; required for a classifier; for a stage, as it was trained if not given."""
    truncation: Literal["right", "left", "error"] | None = None
    """Longer texts: cut on that side, or stop. None: as the stage was trained, for a classifier `error`."""
    append_eos: bool | None = None
    """For a trained stage only: end texts with EOS; none: as it was trained."""
    text: Literal["chat_template", "text_pair"] = "chat_template"
    """For a classifier only: the whole conversation in its chat template, or prompt and response as two texts."""
    chat_template: str | None = None
    """For a classifier only: file of a Jinja template instead of its own, relative to the recipe file."""

    def __post_init__(self) -> None:
        if self.text == "text_pair" and self.chat_template is not None:
            raise ValueError("chat_template: expected none with text: text_pair")
        if self.max_length is not None and self.max_length < 2:
            raise ValueError(f"max_length: expected 2 or more, got {self.max_length}")


def is_stage(local: Path) -> bool:
    """Whether a folder is that of a stage rather than a classifier's."""
    return (local / "lock.yaml").is_file()


def check_read(options: RewardModelOptions, local: Path | None) -> None:
    """Refuse options that this model does not read.

    Args:
        options: any.
        local: the folder that holds the model; none for a hub id.

    Raises:
        BenchError: every such option, and why it is not read.
    """
    faults = []
    if local is not None and options.revision is not None:
        faults.append(Fault("revision", "expected none for a local folder, which is pinned by its content"))
    if local is None or not is_stage(local):
        if options.append_eos is not None:
            faults.append(Fault("append_eos", "expected none for a classifier, whose template says it"))
    else:
        named = {
            "chat_template": options.chat_template is not None,
            "text": options.text != "chat_template",
            "trust_remote_code": options.trust_remote_code,
        }
        faults += [
            Fault(name, "expected none for a trained stage, which reads texts and code as in its training")
            for name, is_given in named.items()
            if is_given
        ]
    if faults:
        raise BenchError.of_faults(f"judge reward_model, {options.model_name_or_path}", faults)
