"""The ledger: what a row's policy cost in prompts, responses, labels, updates and time, and which rows cost the same.

Methods that draw their own responses and those that read a split's are fair beside each other only where it is known
what each was given. Nothing here is assumed: what no record says is NaN with a note, and equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean
from typing import Any, Literal, NamedTuple

Quantity = Literal["labels", "responses", "updates"]
"""What `--match` may ask to be equal."""
QUANTITIES: tuple[Quantity, ...] = ("labels", "responses", "updates")
TOKENS_ALIKE = (0.9, 1.1)
"""Ratios of generated tokens that go without a mark: lengths follow from the policies, and cannot be planned."""
ROUGHLY = 0.02
"""Share by which planned prompts and updates may differ: a last, smaller batch of each round or epoch, no more."""
NOT_MATCHED = "not matched"
UNKNOWN = "not known"


class OracleAnswers(NamedTuple):
    """What one oracle was asked."""

    gives: str
    """`scores`: of single responses; `wins`: of pairs."""
    number: float
    """Responses scored, or pairs compared; NaN where it is not known."""


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """What the policy of one cell cost, from the policy that all start from on; that one's own training is shared."""

    label: str
    seed: int
    source: Literal["split", "rounds", "online"]
    """Where training rows come from: the split, rounds of drawn responses, or draws while it was trained."""
    split: str
    """Split whose prompts it was trained on."""
    prompts: float
    """Different prompts among them."""
    responses: float
    """Responses drawn for training."""
    generated_tokens: float
    """Tokens of these responses."""
    labels_human: float
    """Preference labels of people: those of the pairs that were trained on, by a reward model too, and what an oracle
    that stands for a person was asked."""
    labels_oracle: Mapping[str, OracleAnswers]
    """Name of each other oracle -> what it was asked."""
    steps: float
    """Optimizer steps, all rounds together."""
    batch: float
    """Examples of a step."""
    train_tokens: float
    """Tokens through the policy in training, padding left out."""
    seconds: Mapping[str, float]
    """`draw`, `label` and `train` -> wall time."""
    kl: float
    """KL of the final policy to the start, nats per response."""
    notes: tuple[str, ...] = field(default=())
    """Why something is not known, or what else a reader must know."""

    @property
    def updates(self) -> float:
        """Optimizer steps times examples of a step."""
        return self.steps * self.batch

    @property
    def draws(self) -> bool:
        """Whether responses were drawn for its training."""
        return self.source != "split"

    def as_values(self) -> dict[str, Any]:
        """Plain values for a record; what is not known is None."""
        values = asdict(self) | {"updates": self.updates, "notes": list(self.notes)}
        values["labels_oracle"] = {name: answers._asdict() for name, answers in self.labels_oracle.items()}
        return _without_nan(values)


def together(rows: Sequence[LedgerRow], rows_of: Sequence[Hashable]) -> LedgerRow:
    """One row of a training and of those that it goes on from, each of another recipe.

    Prompts and people's labels count once where trainings read the same rows. How many prompts differ between rows that
    were made otherwise of one split is not known.

    Args:
        rows: the training's own row first; at least one.
        rows_of: what the rows of each training are; equal where they are the same ones.
    """
    first, *earlier = rows
    if not earlier:
        return first
    by_rows: dict[Hashable, list[LedgerRow]] = {}
    for key, row in zip(rows_of, rows, strict=True):
        by_rows.setdefault(key, []).append(row)
    splits = [same[0].split for same in by_rows.values()]
    steps, updates = (math.fsum(getattr(row, name) for row in rows) for name in ("steps", "updates"))
    names = ", ".join(row.label for row in earlier)
    return replace(
        first,
        source=next((row.source for row in rows if row.draws), first.source),
        split=", ".join(dict.fromkeys(row.split for row in reversed(rows))),
        prompts=_most_of(by_rows.values(), "prompts") if len(set(splits)) == len(splits) else math.nan,
        responses=math.fsum(row.responses for row in rows),
        generated_tokens=math.fsum(row.generated_tokens for row in rows),
        labels_human=_most_of(by_rows.values(), "labels_human"),
        labels_oracle=_answers_of(rows),
        steps=steps,
        batch=first.batch if all(row.batch == first.batch for row in rows) else updates / steps,
        train_tokens=math.fsum(row.train_tokens for row in rows),
        seconds={part: math.fsum(row.seconds.get(part, 0.0) for row in rows) for part in first.seconds},
        notes=tuple(dict.fromkeys((f"with the training of {names}", *(note for row in rows for note in row.notes)))),
    )


def _most_of(groups: Iterable[Sequence[LedgerRow]], name: str) -> float:
    """Sum over groups of the largest number in each; NaN where one is not known."""
    numbers = [[getattr(row, name) for row in group] for group in groups]
    return math.fsum(math.nan if any(map(math.isnan, group)) else max(group) for group in numbers)


def _answers_of(rows: Sequence[LedgerRow]) -> dict[str, OracleAnswers]:
    """What each oracle was asked for all rows together."""
    answers: dict[str, OracleAnswers] = {}
    for name, (gives, number) in (item for row in rows for item in row.labels_oracle.items()):
        before = answers[name].number if name in answers else 0.0
        answers[name] = OracleAnswers(gives, before + number)
    return answers


Ledger = Mapping[str, Sequence[LedgerRow]]
"""Label -> its row of each seed, in the order of the comparison's seeds."""


def mean_of(rows: Sequence[LedgerRow], number: Callable[[LedgerRow], float]) -> float:
    """Mean over seeds; NaN where one is not known, or without rows."""
    return fmean(map(number, rows)) if rows else math.nan


def labels_in_words(rows: Sequence[LedgerRow], *, named: bool = False) -> str:
    """Labels of a row, such as `12,000 scored`, `3,000 pairs` or both; means over seeds.

    Args:
        rows: of one label, one per seed.
        named: say which oracle was asked.
    """
    parts = []
    human = mean_of(rows, lambda row: row.labels_human)
    if human != 0:
        parts.append(UNKNOWN if math.isnan(human) else f"{amount(human)} pairs")
    for name in dict.fromkeys(name for row in rows for name in row.labels_oracle):
        of_oracle = [row.labels_oracle.get(name, OracleAnswers("", 0.0)) for row in rows]
        gives = next(answers.gives for answers in of_oracle if answers.gives)
        what = "scored" if gives == "scores" else "compared"
        parts.append(f"{amount(fmean(a.number for a in of_oracle))} {what}{f' by {name}' if named else ''}")
    return " and ".join(parts) or "none"


def amount(number: float) -> str:
    """A count for people: `12,000`, or that it is not known."""
    return UNKNOWN if math.isnan(number) else f"{number:,.0f}"


def unmatched(rows: Sequence[LedgerRow], baseline: Sequence[LedgerRow], quantity: Quantity) -> str:
    """What differs between a row and the baseline in one quantity, as a mark; empty where it is equal at every seed.

    Such as `not matched: labels 12,000 scored v 3,000 pairs`. What is not known is not equal.
    """
    pairs = list(zip(rows, baseline, strict=True))
    if all(_is_equal(first, second, quantity) for first, second in pairs):
        return ""
    in_words = labels_in_words if quantity == "labels" else _number_in_words(quantity)
    return f"{NOT_MATCHED}: {quantity} {in_words(rows)} v {in_words(baseline)}"


def tokens_apart(rows: Sequence[LedgerRow], baseline: Sequence[LedgerRow]) -> str:
    """A mark such as `tokens 0.79 x` where a row drew so much less or more than another that drew; else empty."""
    drawn = [mean_of(side, lambda row: row.generated_tokens) for side in (rows, baseline)]
    if not all(row.draws for row in (*rows, *baseline)):
        return ""
    if any(map(math.isnan, drawn)) or not drawn[1]:
        return f"tokens {UNKNOWN}"
    ratio = drawn[0] / drawn[1]
    return "" if TOKENS_ALIKE[0] <= ratio <= TOKENS_ALIKE[1] else f"tokens {ratio:.2f} x"


def planned_apart(rows: Sequence[LedgerRow], baseline: Sequence[LedgerRow]) -> list[str]:
    """What a fair comparison plans equal and these do not: prompts of another split or more of them, and updates.

    Fewer prompts are no advantage. What is not known before it is run is not refused, and stands in the ledger.
    """
    splits = [dict.fromkeys(row.split for row in side) for side in (rows, baseline)]
    apart = []
    if splits[0] != splits[1]:
        apart.append(f"prompts of split {', '.join(splits[0])}, not {', '.join(splits[1])}")
    prompts = [mean_of(side, lambda row: row.prompts) for side in (rows, baseline)]
    if prompts[0] > prompts[1] * (1 + ROUGHLY):
        apart.append(f"{amount(prompts[0])} prompts, not {amount(prompts[1])} at most")
    updates = [mean_of(side, lambda row: row.updates) for side in (rows, baseline)]
    if abs(updates[0] - updates[1]) > ROUGHLY * updates[1]:
        steps = [mean_of(side, lambda row: row.steps) for side in (rows, baseline)]
        both = [f"{amount(s)} updates of {u / s:,.0f} examples" for s, u in zip(steps, updates, strict=True)]
        apart.append(f"{both[0]}, not {both[1]}")
    return apart


def _is_equal(first: LedgerRow, second: LedgerRow, quantity: Quantity) -> bool:
    if quantity == "labels":
        counts = [answers.number for answers in first.labels_oracle.values()]
        return (
            not any(map(math.isnan, counts))
            and first.labels_human == second.labels_human
            and _asked(first) == _asked(second)
        )
    return getattr(first, quantity) == getattr(second, quantity)


def _asked(row: LedgerRow) -> dict[str, OracleAnswers]:
    return {name: answers for name, answers in row.labels_oracle.items() if answers.number != 0}


def _number_in_words(quantity: Quantity) -> Callable[[Sequence[LedgerRow]], str]:
    return lambda rows: amount(mean_of(rows, lambda row: getattr(row, quantity)))


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
