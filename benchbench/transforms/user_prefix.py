"""Some of a user's other preferences put before the prompt, as examples of that user's taste (FSPO).

The shots are drawn from the user's pairs of the same split with another prompt, so nothing crosses from one split to
another, and no pair is told its own label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, number_of, question_of, with_text_before_prompts
from benchbench.data.serial import prompt_hash

_FIELDS = ("prompt", "chosen", "rejected")


@dataclass(frozen=True)
class Options:
    """How many shots, and how each is written.

    Raises:
        ValueError: no shot, or a text without one of its fields.
    """

    user: str = "user"
    """Column with a number per example: whose preference it is."""
    shots: int = 4
    """Preferences of the same user put before the prompt, >= 1; users with fewer others are left out."""
    shot: str = "Prompt: {prompt}\nPreferred: {chosen}\nNot preferred: {rejected}"
    """One shot; `{prompt}` is the last turn that was answered; the words are ours."""
    heading: str = "Earlier preferences of this user:"
    """Text before the shots."""
    role: Literal["system", "user"] = "system"
    """In the system message, or before the first turn of the user."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "shots")
        if any(self.shot.count(f"{{{name}}}") != 1 for name in _FIELDS):
            raise ValueError(f"shot: expected {{prompt}}, {{chosen}} and {{rejected}} once each, got '{self.shot}'")

    def written(self, example: Example) -> str:
        """The shot that tells of one pair; fields in the pair's own texts are left as they are."""
        texts: dict[str, str] = dict(zip(_FIELDS, (question_of(example), *example.candidates), strict=True))
        return re.sub(r"\{(prompt|chosen|rejected)\}", lambda match: texts[match[1]], self.shot)


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair with `shots` shots before its prompt, drawn without replacement."""
    by_user: dict[float, list[Example]] = {}
    for example in examples:
        by_user.setdefault(number_of(example, options.user), []).append(example)
    hashes = {example.id: prompt_hash(example.prompt) for example in examples}

    def rule(example: Example) -> Sequence[Example] | str:
        user = number_of(example, options.user)
        if user != user:
            return "user missing"
        others = [other for other in by_user[user] if hashes[other.id] != hashes[example.id]]
        if len(others) < options.shots:
            return "user with too few other preferences"
        drawn = draws_of(seed, "user_prefix", example).permutation(len(others))[: options.shots].tolist()
        text = "\n\n".join([options.heading, *(options.written(others[k]) for k in drawn)])
        return [with_text_before_prompts(example, text, options.role)]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="user_prefix",
    options=Options,
    apply=apply,
    version=2,
    reads=lambda options: (Column(options.user, missing="keep"),),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Singh et al.",
        2025,
        arxiv="2502.19312",
        title=(
            "FSPO: Few-Shot Preference Optimization of Synthetic Preference Data in LLMs Elicits Effective "
            "Personalization to Real Users"
        ),
    ),
    open_question="The paper's own wording of the prefix was not verified.",
)
