"""Five prompts with answers, as every writer is given them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from benchbench.core.example import Message
from benchbench.core.export import Responses
from benchbench.core.prompt_set import Prompt, PromptSet

TEXTS = ("Name a colour.", "Größe in Metern?", "Write\ntwo lines.", 'Say "no".', "Count to 3.")
ANSWERS = (
    "Blue.",
    "# Title\n\n1. one\n2. two\n- three\n**bold** and __too__\n",
    "```\n# no header\n- no list\n**no bold**\n```\n### Header\n* item",
    "",
    "1, 2, 3 – done ✓",
)
SECOND = ("Another.", "Und in Fuß?", "Now one.", "Why?", "Backwards.")


def prompt_set(ids: Sequence[str], *, second: bool = False, **fields: str) -> PromptSet:
    return PromptSet(
        "own",
        tuple(
            Prompt(name, (Message("user", text),), after if second else None, fields)
            for name, text, after in zip(ids, TEXTS, SECOND, strict=True)
        ),
    )


def responses(prompts: PromptSet, *, turns: int = 1, model: str = "dpo-seed1") -> Responses:
    rows = [
        {"example": prompt.id, "turn": turn, "text": text if turn == 1 else f"again {text}", "tokens": 3 * place + turn}
        for turn in range(1, turns + 1)
        for place, (prompt, text) in enumerate(zip(prompts.prompts, ANSWERS, strict=True))
    ]
    return Responses(model, prompts, pd.DataFrame(rows))
