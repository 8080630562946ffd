"""Responses that belong together: one of each side for each example and sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.example import Message

Key = tuple[str, int]


class Response(NamedTuple):
    """One text."""

    example: str
    sample: int
    text: str
    ended: bool
    """At a stop token; neither at the limit of length nor cut where something else came than an answer's text."""


def matched(
    prompts: Mapping[str, Sequence[Message]],
    responses: pd.DataFrame,
    opponents: pd.DataFrame,
    *,
    label: str,
    opponent: str,
) -> list[tuple[Response, Response]]:
    """Pairs by example and sample, in that order.

    Raises:
        BenchError: no responses, the same example and sample twice, one that only one side has, no prompt for it,
            or one with half of a surrogate pair, which no request can hold.
    """
    mine, others = _by_key(responses, label), _by_key(opponents, opponent)
    for have, lack, of in ((mine, others, opponent), (others, mine, label)):
        if alone := sorted(have.keys() - lack.keys()):
            raise BenchError(
                f"{label} against {opponent}: {len(alone)} of {len(have)} responses have no counterpart of {of}, such "
                f"as {_name(alone[0])}; both sides need the same examples and samples"
            )
    if unknown := sorted({example for example, _ in mine} - set(prompts)):
        raise BenchError(f"{label} against {opponent}: no prompt for {len(unknown)} examples, such as {unknown[0]}")
    broken = sorted({example for example, _ in mine if not all(_is_whole(turn.content) for turn in prompts[example])})
    if broken:
        raise BenchError(f"prompt of example {broken[0]}: expected a text, found half of a surrogate pair in it")
    return [(mine[key], others[key]) for key in sorted(mine)]


def one_per_example(texts: Mapping[str, str], like: pd.DataFrame) -> pd.DataFrame:
    """A text per example, such as the data's chosen response, for every sample of other responses.

    Raises:
        BenchError: an example without a text, or with one that holds half of a surrogate pair.
    """
    keys = like[["example", "sample"]].reset_index(drop=True)
    absent = sorted({*keys["example"]} - texts.keys())
    if absent:
        raise BenchError(f"expected a response for each example, found none for {len(absent)}, such as {absent[0]}")
    if broken := [example for example in dict.fromkeys(keys["example"]) if not _is_whole(texts[example])]:
        raise BenchError(f"response of example {broken[0]}: expected a text, found half of a surrogate pair in it")
    return keys.assign(text=[texts[example] for example in keys["example"]])


def _by_key(frame: pd.DataFrame, whose: str) -> dict[Key, Response]:
    if frame.empty:
        raise BenchError(f"responses of {whose}: expected at least one, found none")
    ended = frame["finish"] == "stop" if "finish" in frame.columns else pd.Series(True, index=frame.index)
    responses: dict[Key, Response] = {}
    for example, sample, text, end in zip(frame["example"], frame["sample"], frame["text"], ended, strict=True):
        key = (str(example), int(sample))
        if key in responses:
            raise BenchError(
                f"responses of {whose}: {_name(key)} appears twice; give each response a sample number of its own"
            )
        if not isinstance(text, str):
            raise BenchError(f"responses of {whose}: {_name(key)}: expected a text, found {type(text).__name__}")
        responses[key] = Response(*key, text, bool(end))
    return responses


def _name(key: Key) -> str:
    return f"sample {key[1]} of example {key[0]}"


def _is_whole(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
