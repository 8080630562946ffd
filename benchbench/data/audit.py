"""What is in the data before anything is trained on it: losses, ties, copies, leaks between splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, NamedTuple

from benchbench.core.example import Example
from benchbench.core.source import Reading, Splits
from benchbench.data.column_shape import label_counts
from benchbench.data.serial import prompt_hash


class Lengths(NamedTuple):
    """Mean and maximum of a count; both 0 where there is nothing to count."""

    mean: float
    max: int

    @classmethod
    def of(cls, counts: Iterable[int]) -> Lengths:
        """Summary of the counts."""
        values = list(counts)
        return cls(round(sum(values) / len(values), 2), max(values)) if values else cls(0.0, 0)


@dataclass(frozen=True)
class SplitAudit:
    """One split."""

    rows: int
    """Rows read."""
    dropped: Mapping[str, int]
    """Rows that are no example, by reason."""
    notes: Mapping[str, int]
    """What was put right or left open in the rows kept."""
    columns_not_read: tuple[str, ...]
    """Columns, and fields of turns, that carry no conversation."""
    examples: int
    candidates: Mapping[str, int]
    """Number of candidates (as text, for JSON) -> examples that have so many."""
    labels: Mapping[str, int]
    """`true` and `false` -> examples with that label; empty where there are no labels."""
    tied_ratings: int
    """Examples whose best rating belongs to several candidates."""
    identical_candidates: int
    """Examples with two candidates of the same text, white space around it aside."""
    empty_responses: int
    """Candidates without text."""
    duplicate_prompts: int
    """Examples whose prompt an earlier example of the split has."""
    prompt_characters: tuple[float, int]
    """Mean and maximum, all turns together."""
    response_characters: tuple[float, int]
    """Mean and maximum over candidates."""


@dataclass(frozen=True)
class Overlap:
    """Prompts that two splits share: a leak, where one of them is held out."""

    splits: tuple[str, str]
    prompts: int
    """Distinct prompts in both."""
    examples: tuple[int, int]
    """Examples of each split that have one of them."""


@dataclass(frozen=True)
class Audit:
    """All splits, and every pair of them."""

    splits: Mapping[str, SplitAudit]
    overlaps: tuple[Overlap, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values for a file or a table."""
        return asdict(self)


def audit(splits: Splits, readings: Mapping[str, Reading]) -> Audit:
    """Look at everything once; `readings` come from `LoadedSplits.readings`."""
    prompts = {split: [prompt_hash(example.prompt) for example in examples] for split, examples in splits.items()}
    return Audit(
        {split: _split_audit(examples, prompts[split], readings[split]) for split, examples in splits.items()},
        tuple(_overlap(a, b, prompts) for a, b in combinations(splits, 2)),
    )


def _split_audit(examples: Sequence[Example], prompts: Sequence[str], reading: Reading) -> SplitAudit:
    sizes = Counter(len(example.candidates) for example in examples)
    return SplitAudit(
        rows=reading.rows,
        dropped=dict(reading.dropped),
        notes=dict(reading.notes),
        columns_not_read=tuple(reading.not_read),
        examples=len(examples),
        candidates={str(size): sizes[size] for size in sorted(sizes)},
        labels=label_counts(examples),
        tied_ratings=sum(best_is_shared(example) for example in examples),
        identical_candidates=sum(has_identical_candidates(example) for example in examples),
        empty_responses=sum(not candidate.strip() for example in examples for candidate in example.candidates),
        duplicate_prompts=len(prompts) - len(set(prompts)),
        prompt_characters=Lengths.of(sum(len(m.content) for m in example.prompt) for example in examples),
        response_characters=Lengths.of(len(candidate) for example in examples for candidate in example.candidates),
    )


def has_identical_candidates(example: Example) -> bool:
    """Whether two candidates have the same text, white space around it aside."""
    return len({candidate.strip() for candidate in example.candidates}) < len(example.candidates)


def best_is_shared(example: Example) -> bool:
    """Whether the best rating belongs to several candidates; missing ratings do not count."""
    known = [rating for rating in example.ratings or () if rating == rating]
    return known.count(max(known)) > 1 if known else False


def _overlap(a: str, b: str, prompts: Mapping[str, Sequence[str]]) -> Overlap:
    shared = set(prompts[a]) & set(prompts[b])
    hit = (sum(prompt in shared for prompt in prompts[a]), sum(prompt in shared for prompt in prompts[b]))
    return Overlap((a, b), len(shared), hit)
