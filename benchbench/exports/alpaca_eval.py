"""AlpacaEval's model_outputs.json: a JSON list of `{dataset, instruction, output, generator}` in the prompts' order.

Format of the `alpaca_eval` project (github.com/tatsu-lab/alpaca_eval at cd543a14, `results/*/model_outputs.json`;
evaluation.md B2 and B7). The tool joins outputs to its reference by the text of the instruction and looks up
difficulties by position, so texts and order are those of the prompt file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from benchbench.core.errors import BenchError
from benchbench.core.export import Export, Responses
from benchbench.core.prompt_set import Prompt

NO_DATASET = "unnamed"
"""`dataset` of a prompt that names none."""


def files(responses: Responses) -> Mapping[str, str]:
    """`<model>/model_outputs.json`.

    Raises:
        BenchError: rows missing or re-ordered, or a prompt that is no single instruction.
    """
    rows = [
        {
            "dataset": prompt.fields.get("dataset") or prompt.fields.get("category") or NO_DATASET,
            "instruction": _instruction(prompt),
            "output": answers[0].text,
            "generator": responses.model,
        }
        for prompt, answers in responses.answers(1)
    ]
    return {f"{responses.model}/model_outputs.json": json.dumps(rows, indent=2, ensure_ascii=False) + "\n"}


def _instruction(prompt: Prompt) -> str:
    """The one user turn, as it stands in the file.

    Raises:
        BenchError: a system turn, several turns, or a second turn; AlpacaEval has one instruction per row.
    """
    if len(prompt.messages) != 1 or prompt.messages[0].role != "user" or prompt.second is not None:
        raise BenchError(
            f"alpaca_eval: prompt '{prompt.id}': expected one user turn, the instruction; found "
            f"{len(prompt.messages) + (prompt.second is not None)} turns; export a set of single instructions"
        )
    return prompt.messages[0].content


EXPORT = Export(name="alpaca_eval", reads="responses", files=files)
