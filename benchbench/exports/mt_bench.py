"""MT-Bench's answer file: `data/mt_bench/model_answer/<model>.jsonl`, one line per question with both turns.

Format of FastChat's `llm_judge` (github.com/lm-sys/FastChat at 0e6d3e4, `gen_model_answer.py`, `common.py`;
evaluation.md B3 and B7): `question_id, answer_id, model_id, choices[{index, turns[2]}], tstamp`. `question_id` is a
whole number there. `answer_id` is made from the answers' content and `tstamp` is 0, so that equal answers give equal
files. FastChat samples each category at its own temperature; here the setting's `generate` section says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.export import TSTAMP, Answer, Export, Responses
from benchbench.core.hashing import fingerprint
from benchbench.core.prompt_set import Prompt

_NUMBER = re.compile(r"(?:^|-)(\d+)$")


def files(responses: Responses) -> Mapping[str, str]:
    """`data/mt_bench/model_answer/<model>.jsonl`.

    Raises:
        BenchError: rows missing or re-ordered, a prompt without a second turn, or an id without a number.
    """
    one_turn = next((prompt.id for prompt in responses.prompts.prompts if prompt.second is None), None)
    if one_turn is not None:
        raise BenchError(
            f"mt_bench: prompt '{one_turn}': expected two turns, found one; draw responses to a question file with "
            "bench eval TARGET --prompts question.jsonl"
        )
    lines = [_line(responses.model, prompt, answers) for prompt, answers in responses.answers(2)]
    numbers = [line["question_id"] for line in lines]
    if len(set(numbers)) < len(numbers):
        raise BenchError(
            "mt_bench: two prompts have the same question_id; expected ids that end with different numbers"
        )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return {f"data/mt_bench/model_answer/{responses.model}.jsonl": text}


def _line(model: str, prompt: Prompt, answers: tuple[Answer, ...]) -> dict[str, Any]:
    turns = [answer.text for answer in answers]
    question = question_id(prompt.id)
    return {
        "question_id": question,
        "answer_id": fingerprint({"question_id": question, "model": model, "turns": turns}),
        "model_id": model,
        "choices": [{"index": 0, "turns": turns}],
        "tstamp": TSTAMP,
    }


def question_id(name: str) -> int:
    """The whole number that a prompt's id is or ends with after a dash, which is MT-Bench's own id.

    Raises:
        BenchError: there is none.
    """
    match = _NUMBER.search(name)
    if match is None:
        raise BenchError(
            f"mt_bench: prompt '{name}': expected an id that is a whole number, or ends with one as in q-81"
        )
    return int(match[1])


EXPORT = Export(name="mt_bench", reads="responses", files=files, turns=2)
