"""Model folders for these tests: the committed checkpoint, changed as a test needs it; no weight is ever read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness import ROOT

CHECKPOINT = ROOT / "results" / "reference" / "tiny" / "checkpoint"
CHAT = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|> ' + m['content'] + ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|> ' }}{% endif %}"
)
"""A chat template in the vocabulary of the committed tokenizer."""


def model_folder(
    place: Path,
    *,
    chat_template: str = "",
    tokenizer: Mapping[str, object] | None = None,
    config: Mapping[str, object] | None = None,
) -> Path:
    """The committed checkpoint in a folder of its own, with changes to its JSON files; a value of None is removed."""
    shutil.copytree(CHECKPOINT, place)
    for name, changes in (("tokenizer_config.json", tokenizer or {}), ("config.json", config or {})):
        values = json.loads((place / name).read_text()) | dict(changes)
        (place / name).write_text(json.dumps({k: v for k, v in values.items() if v is not None}))
    if chat_template:
        (place / "chat_template.jinja").write_text(chat_template)
    return place
