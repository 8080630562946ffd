"""The text to which a classifier gives a label more surely wins, such as the label for a positive text.

As with the reward of a controlled experiment (DPO, arXiv:2305.18290, section 6), nobody is asked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.core.logistic import sigmoid
from benchbench.judges.classifier.options import WHAT, ClassifierOptions, identity, repository


def text_scorer(options: ClassifierOptions, context: JudgeContext) -> Callable[[Sequence[Message], str], float]:
    """The score of a response to a prompt; the model is loaded once for the options, the device and the content.

    Raises:
        BenchError: no such model or label, another model than was planned; from the function a text that is too long.
    """
    present = identity(options, context.folder)
    for pin, content in present.items() if context.pins else ():
        context.require(pin, content, f"judge.options.model_name_or_path ({options.model_name_or_path})")
    log_odds = _loaded(options, context.folder, context.root, context.device, present["weights"])

    def score(prompt: Sequence[Message], response: str) -> float:
        odds = log_odds(f"{prompt[-1].content} {response}" if options.of == "whole" else response)
        return odds if options.score == "log_odds" else sigmoid(odds)

    return score


@lru_cache(maxsize=1)  # a policy that is trained asks at every step
def _loaded(
    options: ClassifierOptions, folder: Path, root: Path | None, device: str, content: str
) -> Callable[[str], float]:
    from benchbench.models.sequence_classifier import label_log_odds, load_sequence_classifier

    model, tokenizer = load_sequence_classifier(
        options.model_name_or_path,
        what=WHAT,
        revision=options.revision,
        folder=folder,
        root=root,
        device=device,
        dtype=options.dtype,
    )
    reading = {"label": options.label, "max_length": options.max_length, "truncation": options.truncation}
    return label_log_odds(model, tokenizer, what=f"{WHAT} {options.model_name_or_path}", **reading)


def judge(
    options: ClassifierOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The higher score wins; equal scores tie. A response that was cut is scored as far as it goes.

    Raises:
        BenchError: as `text_scorer` does.
    """
    score = text_scorer(options, context)
    for place, contest in enumerate(contests):
        if context.should_stop():
            return
        first, second = score(contest.prompt, contest.first), score(contest.prompt, contest.second)
        if not (math.isfinite(first) and math.isfinite(second)):
            yield place, Verdict(None, f"{first} {second}", "a score is not finite")
            continue
        raw = json.dumps({"first": first, "second": second})
        yield place, Verdict(0.5 if first == second else float(first > second), raw, scores=(first, second))


JUDGE = Judge(
    name="classifier",
    version=1,
    options=ClassifierOptions,
    sees_slots=False,
    judge=judge,
    identity=identity,
    repository=repository,
    handling=frozenset({"model_name_or_path", "revision"}),
    pinned_by={"weights": "model_name_or_path"},
    uses_device=True,
)
