"""Whether a response's final answer is the right one, which the example's column `answer` says."""

from __future__ import annotations

from benchbench.core.errors import BenchError
from benchbench.core.rollout import Group, RolloutResponse
from benchbench.oracles._answers import Form, final_answer, number_form

ANSWER = "answer"


def is_right(
    group: Group,
    response: RolloutResponse,
    *,
    oracle: str,
    match: Form,
    after: str,
    until: str,
    cut_is_wrong: bool,
) -> bool:
    """Whether a response to the group's prompt is right; one without an answer is not.

    Args:
        group: whose example has the right answer.
        response: to its prompt.
        oracle: who asks, for the message.
        match: in which form answers are compared.
        after: only what follows the last place of this text is read; empty reads all.
        until: reading ends at the first place of this text behind it; empty reads on to the end.
        cut_is_wrong: whether a response that was cut is wrong whatever it says.

    Raises:
        BenchError: the example's answer cannot be read in that form.
    """
    right = _right(group, match, oracle)
    if cut_is_wrong and response.is_cut:
        return False
    return final_answer(response.text, match, after, until) == right


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
