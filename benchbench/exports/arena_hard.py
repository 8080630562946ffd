"""Arena-Hard's answer file: `data/<bench>/model_answer/<model>.jsonl`, one line per prompt.

Format of the `arena-hard-auto` project (github.com/lmarena/arena-hard-auto at 196f6b8, `utils/add_markdown_info.py`,
`show_result.py`; evaluation.md B4 and B7). `metadata` has exactly four entries with `token_len` first: style control
reads them by position, `token_len` as a whole number and the others as sums over their kinds. Markdown is counted
outside of code blocks. `ans_id` is made from the answer's content and `tstamp` is 0, so that equal answers give equal
files.
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

V01 = "arena-hard-v0.1"
"""Folder of the first release, whose rows have this as their category."""
V2 = "arena-hard-v2.0"
"""Folder of the second release, and of any other prompt set."""
_CODE = re.compile(r"```[^`]*```")
_HEADERS = {f"h{level}": re.compile(rf"^#{{{level}}}\s", re.MULTILINE) for level in range(1, 7)}
_LISTS = {
    "ordered": re.compile(r"^\s*\d+\.\s", re.MULTILINE),
    "unordered": re.compile(r"^\s*[-*+]\s", re.MULTILINE),
}
_BOLD = {"**": re.compile(r"\*\*[^*\n]+\*\*"), "__": re.compile(r"__[^_\n]+__")}
_UID = re.compile(r"(?:^|-)([0-9a-f]{16}|[0-9a-f]{32})$")


def files(responses: Responses) -> Mapping[str, str]:
    """`data/<bench>/model_answer/<model>.jsonl`.

    Raises:
        BenchError: rows missing or re-ordered, or a prompt of several turns.
    """
    lines = [_line(responses.model, prompt, answers[0]) for prompt, answers in responses.answers(1)]
    categories = {prompt.fields.get("category") for prompt in responses.prompts.prompts}
    bench = V01 if categories == {V01} else V2
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return {f"data/{bench}/model_answer/{responses.model}.jsonl": text}


def _line(model: str, prompt: Prompt, answer: Answer) -> dict[str, Any]:
    if len(prompt.messages) != 1 or prompt.messages[0].role != "user" or prompt.second is not None:
        raise BenchError(f"arena_hard: prompt '{prompt.id}': expected one user turn, found another conversation")
    uid = official_uid(prompt.id)
    return {
        "uid": uid,
        "ans_id": fingerprint({"uid": uid, "model": model, "answer": answer.text}),
        "model": model,
        "messages": [
            {"role": "user", "content": prompt.messages[0].content},
            {"role": "assistant", "content": {"answer": answer.text}},
        ],
        "tstamp": TSTAMP,
        "metadata": {"token_len": answer.tokens, **markdown_counts(answer.text)},
    }


def official_uid(name: str) -> str:
    """The 16 or 32 hexadecimal digits that a prompt's id ends with, which are Arena-Hard's own id; else the id."""
    match = _UID.search(name)
    return match[1] if match else name


def markdown_counts(text: str) -> dict[str, dict[str, int]]:
    """How often markdown's marks occur in a text, by kind, code blocks left out."""
    prose = _CODE.sub("``````", text)
    kinds = {"header_count": _HEADERS, "list_count": _LISTS, "bold_count": _BOLD}
    return {
        name: {kind: len(pattern.findall(prose)) for kind, pattern in marks.items()} for name, marks in kinds.items()
    }


EXPORT = Export(name="arena_hard", reads="responses", files=files)
