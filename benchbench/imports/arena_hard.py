"""Arena-Hard's judgment files: two games of a model against the baseline on every prompt, in both orders.

Format of the `arena-hard-auto` project (github.com/lmarena/arena-hard-auto at 196f6b8, `gen_judgment.py`,
`show_result.py`; evaluation.md B4): `uid` (`question_id` in v0.1), `model`, `judge`, `games[{score}]`, with `category`
and `baseline` where the release has them. In the first game the baseline is A, in the second the model is. The main
metric is the project's score without style control: the mean of a game's points (1, one half, 0), a strong verdict
counted three times. `win_rate` counts every game once. A prompt whose game has no verdict is left out, as the project
does, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import VERDICT, Fields, Import, ImportedRun, ItemMetric, ItemScores, ResultsFile
from benchbench.core.measurement import Array

STRONG = 3
"""How often a strong verdict counts in the project's score."""
POINTS = {verdict: 1.0 for verdict in ("A>>B", "A>B", "B<A", "B<<A")} | {verdict: 0.5 for verdict in ("A=B", "B=A")}
POINTS |= {verdict: 0.0 for verdict in ("A<<B", "A<B", "B>A", "B>>A")}
"""Verdict -> what A earns."""
UNNAMED = "arena_hard"
"""Group of rows without a category, which v0.1 has."""


def recognises(document: ResultsFile) -> bool:
    """Whether its rows are judgments."""
    first = document.first
    return {"games", "model", "judge"} <= set(first) and bool({"uid", "question_id"} & set(first))


def read(document: ResultsFile) -> list[ImportedRun]:
    """One run per model, with a group per category.

    Raises:
        BenchError: every row at once that has no two games, an unknown verdict, or a prompt that stands in another.
    """
    faults = list(_faults(document.rows))
    if faults:
        raise BenchError.of_faults(str(document.path), faults)
    by_model: dict[str, dict[str, list[Fields]]] = {}
    for row in document.rows:
        by_model.setdefault(str(row["model"]), {}).setdefault(str(row.get("category") or UNNAMED), []).append(row)
    return [
        ImportedRun(
            path=document.path,
            tool="arena_hard",
            model=model,
            groups=tuple(_scores(document, category, rows) for category, rows in groups.items()),
        )
        for model, groups in by_model.items()
    ]


def _faults(rows: Sequence[Fields]) -> Iterator[Fault]:
    places: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        where, games = f"row {number}", row.get("games")
        key = (str(row.get("model")), str(row.get("category") or UNNAMED), _uid(row))
        if places.setdefault(key, number) != number:
            yield Fault(where, f"repeats the prompt of row {places[key]}; keep one judgment of each")
        if absent := [name for name in ("model", "judge") if row.get(name) is None] + ["uid"] * (_uid(row) == "None"):
            yield Fault(where, f"expected {', '.join(absent)} as in row 1, found none")
        if not isinstance(games, list) or len(games) != 2:
            yield Fault(where, "expected two games, one in each order; found another number")
            continue
        unknown = [score for score in map(_verdict, games) if score is not None and score not in POINTS]
        if unknown:
            yield Fault(where, f"expected a verdict such as A>>B or A=B, or null; found '{unknown[0]}'")


def _uid(row: Fields) -> str:
    return str(row.get("uid", row.get("question_id")))


def _verdict(game: object) -> str | None:
    """None where the judge failed, which may be a game that is null."""
    score = game.get("score") if isinstance(game, dict) else None
    return None if score is None else str(score)


def _scores(document: ResultsFile, category: str, rows: Sequence[Fields]) -> ItemScores:
    points, counts = np.array([_games(row) for row in rows], dtype=np.float64).transpose(1, 0, 2)  # [rows, 2] each
    shared = {"judge": {str(row["judge"]) for row in rows}}
    shared["the judge's baseline"] = {str(row["baseline"]) for row in rows if row.get("baseline")}
    mixed = [f"{name}: {', '.join(sorted(values))}" for name, values in shared.items() if len(values) > 1]
    if mixed:
        raise BenchError(f"{document.path}: expected one judge and one baseline, found {'; '.join(mixed)}")
    return ItemScores(
        group=category,
        items=tuple(map(_uid, rows)),
        metrics={"score": _rate((points * counts).sum(axis=1), counts.sum(axis=1)), "win_rate": _rate(points.mean(1))},
        settings={name: next(iter(values)) for name, values in shared.items() if values},
        lacks=VERDICT,
    )


def _games(row: Fields) -> tuple[list[float], list[int]]:
    """(what the model earns in each game, how often it counts); NaN without a verdict, which might have been strong."""
    verdicts = [_verdict(game) for game in row["games"]]
    of_a = [float("nan") if verdict is None else POINTS[verdict] for verdict in verdicts]
    strong = [verdict is None or ">>" in verdict or "<<" in verdict for verdict in verdicts]
    return [1 - of_a[0], of_a[1]], [STRONG if is_strong else 1 for is_strong in strong]


def _rate(values: Array, weights: Array | None = None) -> ItemMetric:
    return ItemMetric(unit="fraction", direction="higher", values=values, weights=weights)


IMPORT = Import(
    name="arena_hard",
    format="model_judgment/<judge>/<model>.jsonl of arena-hard-auto (lmarena/arena-hard-auto at 196f6b8)",
    recognises=recognises,
    read=read,
)
