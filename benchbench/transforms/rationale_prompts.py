"""The prompt of a rationale: the question, both responses, and the request to say why the first is better.

For `dpo_rationale`. The examples have a third candidate of role `rationale`, whoever wrote it; here it gets its prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_text_after

ROLES = ("chosen", "rejected", "rationale")


@dataclass(frozen=True)
class Options:
    """How the rationale is asked for.

    Raises:
        ValueError: a text without `{chosen}` or `{rejected}`.
    """

    text: str = "Response A:\n{chosen}\n\nResponse B:\n{rejected}\n\nExplain why response A is better than response B."
    """What stands after the last turn of the prompt, and a blank line; the words are ours."""

    def __post_init__(self) -> None:
        if any(self.text.count(place) != 1 for place in ("{chosen}", "{rejected}")):
            raise ValueError(f"text: expected '{{chosen}}' and '{{rejected}}' once each, got '{self.text}'")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Examples with a chosen response, a rejected one and a rationale, with a prompt for each; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        if sorted(example.known_roles) != sorted(ROLES):
            return "other roles than chosen, rejected, rationale"
        text = {role: example.candidates[example.known_roles.index(role)] for role in ROLES}
        request = re.sub(r"\{(chosen|rejected)\}", lambda match: text[match[1]], options.text)
        of_rationale = with_text_after(example.prompt, request)
        prompts = tuple(of_rationale if role == "rationale" else example.prompt for role in example.known_roles)
        return [replace(example, prompts=prompts)]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="rationale_prompts",
    options=Options,
    apply=apply,
    paper=Paper(
        "Just et al.",
        2024,
        arxiv="2407.14477",
        title="Data-Centric Human Preference Optimization with Rationales",
    ),
    open_question="The authors' prompt for rationales was not seen.",
)
