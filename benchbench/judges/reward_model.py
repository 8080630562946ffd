"""A reward model decides: one we trained, or a classifier with one label; each text is scored once, by itself.

Texts go through the model one at a time, without padding, so no batch moves a score.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.data.files import content_hash
from benchbench.data.hub_access import check_commit, local_folder


@dataclass(frozen=True)
class Options:
    """Which model, and how it reads a text; never the model that trained the policies or labelled their data.

    Raises:
        ValueError: options that contradict each other.
    """

    model_name_or_path: str
    """Hub id or folder of a classifier with one label, or folder of a finished reward-model stage
    (`runs/reward_model/...`); relative to the recipe file."""
    revision: str | None = None
    """Commit; required for a hub id."""
    soft: bool = False
    """The verdict is sigmoid(first - second), the Bradley-Terry probability, instead of 1, 0 or 0.5."""
    dtype: Literal["float32", "bfloat16"] | None = None
    """Precision of the weights; none for that of the trained stage, or float32."""
    attn_implementation: str | None = None
    """Attention kernel; none for that of the trained stage, or what transformers takes."""
    trust_remote_code: bool = False
    """Run code that comes with the model repository."""
    max_length: int | None = None
    """Tokens of prompt and response; required for a classifier, as the stage was trained where not given."""
    truncation: Literal["right", "left", "error"] | None = None
    """Longer texts: cut on that side, or stop. None: `error`, or as the stage was trained."""
    append_eos: bool | None = None
    """Of a trained stage only: end texts with EOS; none for as in its training."""
    text: Literal["chat_template", "text_pair"] = "chat_template"
    """Of a classifier only: the whole conversation in its chat template, or prompt and response as two texts."""
    chat_template: str | None = None
    """Of a classifier only: file of a Jinja template instead of its own, relative to the recipe file."""

    def __post_init__(self) -> None:
        if self.text == "text_pair" and self.chat_template is not None:
            raise ValueError("chat_template: expected none with text: text_pair")
        if self.max_length is not None and self.max_length < 2:
            raise ValueError(f"max_length: expected 2 or more, got {self.max_length}")


def judge(options: Options, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """The higher reward wins; equal rewards tie.

    Raises:
        BenchError: no such model, more than one label, no template, a text that is too long.
    """
    from benchbench.judges._reward_scorers import scorer

    score = scorer(options, contests, context)
    for place, contest in enumerate(contests):
        first, second = score(contest.prompt, contest.first), score(contest.prompt, contest.second)
        if not (math.isfinite(first) and math.isfinite(second)):
            yield place, Verdict(None, f"{first} {second}", "a reward is not finite")
            continue
        wins = _sigmoid(first - second) if options.soft else _winner(first, second)
        yield place, Verdict(wins, json.dumps({"first": first, "second": second}), scores=(first, second))


def _winner(first: float, second: float) -> float:
    return 0.5 if first == second else float(first > second)


def _sigmoid(margin: float) -> float:
    tail = math.exp(-abs(margin))
    return 1 / (1 + tail) if margin >= 0 else tail / (1 + tail)


def identity(options: Options, folder: Path) -> Mapping[str, str]:
    """The content of a local folder, or name and commit of the hub; and of the template.

    Raises:
        BenchError: no such folder, or a hub id without a commit.
    """
    pins = {}
    local = local_folder(options.model_name_or_path, folder)
    if local is not None:
        pins["weights"] = content_hash(local / "model" if (local / "lock.yaml").is_file() else local)
    else:
        try:
            check_commit("revision", options.revision or "")
        except ValueError as error:
            raise BenchError(f"judge reward_model, {options.model_name_or_path} (no local folder): {error}") from None
        pins["weights"] = f"{options.model_name_or_path}@{options.revision}"
    if local is not None and (local / "lock.yaml").is_file():
        from benchbench.judges._reward_stage import reading

        pins |= reading(options, local)
    if options.chat_template is not None:
        pins["chat_template"] = content_hash(folder / options.chat_template)
    return pins


JUDGE = Judge(
    name="reward_model",
    version=2,
    options=Options,
    sees_slots=False,
    judge=judge,
    identity=identity,
    handling=frozenset({"model_name_or_path", "revision", "chat_template"}),
)
