"""Contests of answers as plain values: both responses to a prompt, and the judge's verdict in either order.

Texts stay texts; what shows them never reads them as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

CHOSEN = "chosen"
"""The opponent that stands for the response that the data prefer."""
MOST_CHARACTERS = 6_000_000
"""Of all texts of a page's contests; of more, evenly spaced prompts are shown, each with all of its contests."""
MOST_RAW = 600
"""Characters of a judge's own words that are shown."""
_TIE = 0.5


def contests_of(
    prompts: pd.DataFrame, answers: pd.DataFrame, verdicts: pd.DataFrame, *, most_characters: int = MOST_CHARACTERS
) -> tuple[list[dict[str, Any]], int]:
    """(contests to show, how many there are); without verdicts each answer is shown by itself.

    A contest is a mapping: `label`, `opponent`, `seed`, `example`, `sample`, `prompt` (role and text of each turn),
    `response`, `other`, `winner` (the row `label` won, lost, tied, or the verdict is missing), `verdicts` (one mapping
    per order, with `order`, `outcome` and the judge's words) and `disagrees`, whether the two orders do.

    Args:
        prompts: `example`, `turns` as JSON, `chosen`.
        answers: `label`, `seed`, `example`, `sample`, `text`.
        verdicts: `label`, `opponent`, `seed`, `example`, `sample`, `order`, `outcome`, `raw`, `note`; or empty.
        most_characters: of all texts.
    """
    if answers.empty:
        return [], 0
    texts = {
        (str(label), int(seed), str(example), int(sample)): str(text)
        for label, seed, example, sample, text in _rows(answers, "label", "seed", "example", "sample", "text")
    }
    turns = {str(example): json.loads(text) for example, text in _rows(prompts, "example", "turns")}
    chosen = {str(example): str(text) for example, text in _rows(prompts, "example", CHOSEN)}
    contests = list(_contests(texts, turns, chosen, _by_contest(verdicts)))
    return _within(contests, most_characters), len(contests)


def won(outcome: float) -> str:
    """What an outcome in [0, 1] is in a word; NaN is a missing verdict."""
    if outcome != outcome:
        return "missing"
    return "won" if outcome > _TIE else "lost" if outcome < _TIE else "tied"


def _contests(
    texts: Mapping[tuple[str, int, str, int], str],
    turns: Mapping[str, Any],
    chosen: Mapping[str, str],
    judged: Mapping[tuple[Any, ...], Sequence[Mapping[str, Any]]],
) -> Iterator[dict[str, Any]]:
    places = judged or {(label, "", seed, example, sample): [] for label, seed, example, sample in texts}
    for label, opponent, seed, example, sample in places:
        of_contest = judged.get((label, opponent, seed, example, sample), [])
        other = chosen.get(example, "") if opponent == CHOSEN else texts.get((opponent, seed, example, sample), "")
        outcomes = [row["outcome"] for row in of_contest if row["outcome"] is not None]
        mean = sum(outcomes) / len(outcomes) if outcomes else float("nan")
        yield {
            "label": label,
            "opponent": opponent,
            "seed": seed,
            "example": example,
            "sample": sample,
            "prompt": turns.get(example, []),
            "response": texts.get((label, seed, example, sample), ""),
            "other": other,
            "winner": won(mean) if of_contest else "not judged",
            "verdicts": of_contest,
            "disagrees": len({won(outcome) for outcome in outcomes}) > 1,
        }


def _by_contest(verdicts: pd.DataFrame) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    judged: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    columns = ("label", "opponent", "seed", "example", "sample", "order", "outcome", "raw", "note")
    for label, opponent, seed, example, sample, order, outcome, raw, note in _rows(verdicts, *columns):
        value = None if outcome != outcome else float(outcome)
        words = str(raw) if len(str(raw)) <= MOST_RAW else f"{str(raw)[:MOST_RAW]} ... ({len(str(raw))} characters)"
        verdict = {"order": str(order), "outcome": value, "words": words, "note": str(note)}
        judged.setdefault((str(label), str(opponent), int(seed), str(example), int(sample)), []).append(verdict)
    return judged


def _within(contests: Sequence[dict[str, Any]], most_characters: int) -> list[dict[str, Any]]:
    """All contests, or those of evenly spaced prompts, so that their texts are no longer than they may be."""
    examples = list(dict.fromkeys(contest["example"] for contest in contests))
    total = sum(map(_characters, contests))
    count = len(examples) if total <= most_characters else max(1, int(len(examples) * most_characters / total))
    shown = {examples[(place * len(examples)) // count] for place in range(count)}
    return [contest for contest in contests if contest["example"] in shown]


def _characters(contest: Mapping[str, Any]) -> int:
    prompt = sum(len(text) for _, text in contest["prompt"])
    words = sum(len(verdict["words"]) for verdict in contest["verdicts"])
    return prompt + len(contest["response"]) + len(contest["other"]) + words


def _rows(frame: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    if frame.empty:
        return iter(())
    return zip(*(frame[name].tolist() for name in names), strict=True)
