"""FastChat's own MT-Bench judging of an export, by a stub in the judge's place; run in a process of its own.

`python fastchat_reads.py QUESTIONS ANSWER_FOLDER` prints its table of results and then one JSON object: the answers
that it read, and the score of every judgement. The stub rates a conversation by the length of what it was shown.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

JUDGE = "gpt-4"
SINGLE = {"type": "single", "system_prompt": "", "output_format": "[[rating]]"}
PROMPTS = {
    "single-v1": SINGLE | {"name": "single-v1", "prompt_template": "{question}|{answer}"},
    "single-v1-multi-turn": SINGLE
    | {"name": "single-v1-multi-turn", "prompt_template": "{question_1}|{answer_1}|{question_2}|{answer_2}"},
}


def main(questions_file: str, answers_folder: str) -> None:
    """Check, judge both turns, and show the result."""
    from fastchat.llm_judge import common, gen_judgment, show_result

    common.chat_completion_openai = lambda model, conv, **_: f"Rating: [[{len(conv.messages[0][1]) % 10 + 1}]]"
    questions = common.load_questions(questions_file, None, None)
    answers = common.load_model_answers(answers_folder)
    models = common.get_model_list(answers_folder)
    judges = {
        "default": common.Judge(JUDGE, PROMPTS["single-v1"]),
        "default-mt": common.Judge(JUDGE, PROMPTS["single-v1-multi-turn"], multi_turn=True),
    }
    common.check_data(questions, answers, {}, models, judges)
    matches = gen_judgment.make_match_single(questions, models, answers, judges["default"])
    matches += gen_judgment.make_match_single(questions, models, answers, judges["default-mt"], multi_turn=True)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "judgments" / "single.jsonl")
        found = [common.play_a_match_single(match, file) for match in matches]
        show_result.display_result_single(
            Namespace(input_file=file, bench_name="mt_bench", judge_model=JUDGE, model_list=None)
        )
    told = [[one["model"], one["question_id"], one["turn"], one["user_prompt"]] for one in found]
    sys.stdout.write("\n" + json.dumps({"models": models, "judged": told}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
