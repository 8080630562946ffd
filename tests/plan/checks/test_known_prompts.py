"""A judge or an oracle that knows one world's prompts alone is refused for others before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, bench

from benchbench.core.example import Message
from benchbench.sources.toy.families import is_prompt
from benchbench.sources.toy.source import SOURCE

BEFORE = "{name: flipped_contexts, splits: [%s], options: {recorded: good, reversed: bad, role: user}}"


SAMPLING = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 8"
GENERATE = f"generate: {{split: test, num_prompts: 4, engine: transformers, dtype: float32, {SAMPLING}}}\n"
JUDGED = f"{GENERATE}judge: {{name: gold, against: [chosen]}}\n"
ROUNDS = f"""{GENERATE}
rounds:
  count: 1
  prompts: {{split: train, per_round: 8, order: same}}
  sampler: {{name: policy, num_samples: 2, {SAMPLING}}}
  oracle: {{name: gold}}
  selector: {{name: best_worst}}
"""


ONLINE = f"""{GENERATE}
method: {{name: rloo}}
online:
  sampler: {{name: policy, num_samples: 2, {SAMPLING}}}
  oracle: {{name: gold}}
"""


@pytest.mark.parametrize(
    ("sections", "split", "says"),
    [
        (JUDGED, "test", "judge.name: 'gold' knows the prompts of source toy alone, and example test-00000"),
        (ROUNDS, "train", "rounds.oracle.name: 'gold' knows the prompts of source toy alone, and example"),
        (ONLINE, "train", "online.oracle.name: 'gold' knows the prompts of source toy alone, and example"),
    ],
)
def test_prompts_with_a_word_before_them(sections: str, split: str, says: str, tmp_path: Path):
    recipe, method = tmp_path / "mine.yaml", "" if "method:" in sections else "method: {name: dpo}\n"
    recipe.write_text(f"name: mine\nsetting: {MICRO}\n{method}{sections}", encoding="utf-8")
    line = ("compare", recipe, "--runs", tmp_path / "runs", "--seeds", 1, "--dry-run")
    ended = bench(*line)
    assert ended.code == 0, ended.err
    ended = bench(*line, "--set", f"data.transforms=[{BEFORE % split}]")
    assert ended.code == 2 and says in " ".join(ended.err.split()), ended.err


def test_a_prompt_of_the_toy_world_is_one_message_with_a_task(toy_prompt: str):
    assert SOURCE.knows is is_prompt
    assert is_prompt([Message("user", toy_prompt)])
    assert not is_prompt([Message("user", f"good {toy_prompt}")])
    assert not is_prompt([Message("system", "x"), Message("user", toy_prompt)]) and not is_prompt([])


@pytest.fixture(scope="module")
def toy_prompt() -> str:
    """A prompt as the source makes it."""
    options = SOURCE.options(demonstrations=1, preference_prompts=1, validation_prompts=1, test_prompts=1)
    (example,) = SOURCE.load(options, Path())["test"]
    return example.prompt[0].content
