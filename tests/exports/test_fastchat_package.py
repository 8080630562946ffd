"""FastChat itself reads our MT-Bench export, checks it against its questions and judges both turns."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchbench import exports
from tests.exports.responses import ANSWERS, SECOND, TEXTS, prompt_set, responses

READER = Path(__file__).with_name("fastchat_reads.py")
NEEDED = ("fastchat", "openai", "anthropic")


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED), reason=f"needs the packages {', '.join(NEEDED)}"
)
def test_fastchat_judges_both_turns_of_our_answers(tmp_path: Path):
    ids = [str(81 + i) for i in range(5)]
    prompts = prompt_set(ids, second=True, category="writing")
    for name, text in exports.get("mt_bench").files(responses(prompts, turns=2)).items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    questions = [
        {"question_id": int(name), "category": "writing", "turns": [first, second]}
        for name, first, second in zip(ids, TEXTS, SECOND, strict=True)
    ]
    (tmp_path / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", READER, tmp_path / "question.jsonl", tmp_path / "data/mt_bench/model_answer"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.strip().splitlines()[-1])
    assert read["models"] == ["dpo-seed1"]
    first = [
        ["dpo-seed1", 81 + i, 1, f"{text}|{answer}"]
        for i, (text, answer) in enumerate(zip(TEXTS, ANSWERS, strict=True))
    ]
    second = [
        ["dpo-seed1", 81 + i, 2, f"{text}|{answer}|{after}|again {answer}"]
        for i, (text, answer, after) in enumerate(zip(TEXTS, ANSWERS, SECOND, strict=True))
    ]
    assert read["judged"] == first + second
    assert "########## Average ##########" in done.stdout
