"""Groups of responses and their labels as plain JSON values, as the stages of a round hand them on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchbench.core.example import Message
from benchbench.core.rollout import Group, Labels, RolloutResponse


def group_json(group: Group) -> dict[str, Any]:
    """A JSON-able mapping of a group; what is empty or not there is left out."""
    value: dict[str, Any] = {
        "id": group.example,
        "round": group.round,
        "prompt": list(group.prompt),
        "messages": [[message.role, message.content] for message in group.messages],
        "responses": [_response_json(response) for response in group.responses],
    }
    if group.prefix:
        value["prefix"] = list(group.prefix)
    if group.columns:
        value["columns"] = {name: _number_json(column) for name, column in group.columns.items()}
    if group.search_labels is not None:
        value["search_labels"] = labels_json(group.search_labels)
    return value


def group_of(value: Mapping[str, Any]) -> Group:
    """The group that `group_json` wrote."""
    return Group(
        example=value["id"],
        round=value["round"],
        prompt=tuple(value["prompt"]),
        messages=tuple(Message(role, content) for role, content in value["messages"]),
        responses=tuple(
            RolloutResponse(
                **{
                    **response,
                    "tokens": tuple(response["tokens"]),
                    "observed": tuple((start, stop) for start, stop in response.get("observed", ())),
                }
            )
            for response in value["responses"]
        ),
        prefix=tuple(value.get("prefix", ())),
        columns={name: math.nan if column is None else column for name, column in value.get("columns", {}).items()},
        search_labels=labels_of(value.get("search_labels")),
    )


def _response_json(response: RolloutResponse) -> dict[str, Any]:
    value = {**response._asdict(), "tokens": list(response.tokens), "observed": [*map(list, response.observed)]}
    if not response.observed:
        del value["observed"]
    return value


def labels_json(labels: Labels | None) -> dict[str, Any] | None:
    """A JSON-able mapping of labels; none where a group has none."""
    if labels is None:
        return None
    value: dict[str, Any] = {"answers": labels.answers, "tau": labels.tau}
    if labels.scores is not None:
        value["scores"] = list(labels.scores)
    if labels.wins is not None:
        value["wins"] = [[i, j, probability] for (i, j), probability in labels.wins.items()]
    if labels.columns:
        value["columns"] = {name: [_number_json(number) for number in row] for name, row in labels.columns.items()}
    return value


def labels_of(value: Mapping[str, Any] | None) -> Labels | None:
    """The labels that `labels_json` wrote."""
    if value is None:
        return None
    scores, wins = value.get("scores"), value.get("wins")
    return Labels(
        scores=None if scores is None else tuple(scores),
        wins=None if wins is None else {(i, j): probability for i, j, probability in wins},
        answers=value["answers"],
        columns={
            name: tuple(math.nan if number is None else number for number in row)
            for name, row in value.get("columns", {}).items()
        },
        tau=value["tau"],
    )


def _number_json(value: float | str) -> float | str | None:
    """JSON has no NaN: none stands for it."""
    return None if isinstance(value, float) and math.isnan(value) else value
