"""What seeds reach, as a table: one row per label, one column per stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench.comparison.pairs.seed_rows import SeedRow, SeedsOf, numbers, unequal

NOTHING = "nothing drawn"


def seed_rows(rows: Sequence[SeedRow], streams: Sequence[str]) -> list[dict[str, Any]]:
    """One row of a table per row of the audit.

    Args:
        rows: of the audit.
        streams: names of what may be drawn, in the order of the columns.
    """
    return [
        {
            "row": row.label,
            "seeds": " ".join(map(str, row.seeds)),
            "runs": f"{row.runs.k} of {len(row.seeds)}",
            **{stream: reach(row, stream) for stream in streams},
            "losses": row.losses,
        }
        for row in rows
    ]


def seed_lines(rows: Sequence[SeedRow]) -> list[str]:
    """What a reader of the table must know."""
    lines = [f"{row.label}: {row.runs.note}" for row in rows if row.runs.note]
    lines += unequal(rows)
    lines += [f"{row.label}: one seed, so that nothing is known of the spread" for row in rows if len(row.seeds) == 1]
    by_settings = [row.label for row in rows if len(row.seeds) > 1 and row.looked_at == "settings"]
    if by_settings:
        lines.append(f"runs told apart by settings alone, since not all are scored: {', '.join(by_settings)}")
    return lines


def seed_records(rows: Sequence[SeedRow]) -> list[dict[str, Any]]:
    """Every row as plain values."""
    return [
        {
            "row": row.label,
            "group": row.group,
            "seeds": list(row.seeds),
            "runs": [[row.seeds[place] for place in group] for group in row.runs.groups],
            "note": row.runs.note,
            "looked_at": row.looked_at,
            "not_run": list(row.not_run),
            "losses": row.losses,
            "draws": [
                {"stream": stream, "stage": kind, "from": {str(seed): sorted(used) for seed, used in seeds.items()}}
                for (stream, kind), seeds in row.draws.items()
            ],
        }
        for row in rows
    ]


def reach(row: SeedRow, stream: str) -> str:
    """What one stream is drawn from at the seeds of a row, by kind of stage."""
    kinds: dict[str, list[str]] = {}
    for (name, kind), seeds in row.draws.items():
        if name == stream:
            kinds.setdefault(_source(seeds), []).append(kind)
    return "; ".join(f"{', '.join(names)}: {source}" for source, names in kinds.items()) or NOTHING


def _source(seeds: SeedsOf) -> str:
    if all(used == {seed} for seed, used in seeds.items()):
        return "its seed"
    if len(set(seeds.values())) == 1:
        return f"{numbers(next(iter(seeds.values())))} at every seed"
    return ", ".join(f"{numbers(used) or 'nothing'} at {seed}" for seed, used in seeds.items())
