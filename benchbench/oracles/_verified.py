"""Whether a response's final answer is the right one, which the example's column `answer` says."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.errors import BenchError
from benchbench.core.rollout import Group, RolloutResponse
from benchbench.oracles._answers import Form, final_answer, number_form

ANSWER = "answer"


@dataclass(frozen=True)
class AnswerOptions:
    """How the final answer is read."""

    match: Form = "number"
    """`number`: the last number of the response; `text`: all of it, in small letters, white space not counted."""
    after: str = ""
    """Only what follows the last place of this text is read, such as `answer :`; empty reads the whole response."""
    until: str = ""
    """Reading ends at the first place of this text behind it; empty reads on to the end."""
    cut_is_wrong: bool = True
    """A response that was cut is wrong whatever it says; false reads it as the others."""


def is_right(group: Group, response: RolloutResponse, options: AnswerOptions, oracle: str) -> bool:
    """Whether a response to the group's prompt is right; one without an answer is not.

    Args:
        group: whose example has the right answer.
        response: to its prompt.
        options: how answers are read.
        oracle: who asks, for the message.

    Raises:
        BenchError: the example's answer cannot be read in that form.
    """
    right = _right(group, options.match, oracle)
    if options.cut_is_wrong and response.is_cut:
        return False
    return final_answer(response.text, options.match, options.after, options.until) == right


def _right(group: Group, match: Form, oracle: str) -> str:
    value = group.columns.get(ANSWER)
    if isinstance(value, str):
        right = final_answer(value, match)
    else:
        right = None if value is None else number_form(float(value))
    if right is None:
        raise BenchError(
            f"oracle {oracle}: example {group.example}: expected a {match} in column '{ANSWER}', found "
            f"{value!r}; give the column an answer, or choose another `match`"
        )
    return right
