"""A leaderboard for the reader: the question it answers, in words, and its table."""

from __future__ import annotations

import math

import pandas as pd

from benchbench.report import markdown, numbers
from benchbench.report.layout import TableLayout

ALPHA = 0.05


def answer(frame: pd.DataFrame) -> list[str]:
    """Sentences: which methods differ from the baseline after Holm, and what this many seeds could have seen.

    Args:
        frame: as `commands.leaderboard.board.Board.frame`.
    """
    baseline = str(frame.loc[frame["difference"].isna(), "method"].iloc[0])
    others = frame[(frame["method"] != baseline) & (frame["method"] != "sft")]
    seeds = [name.removeprefix("seed ") for name in frame.columns if name.startswith("seed ")]
    first = frame.iloc[0]
    scope = f"{len(seeds)} seeds ({', '.join(seeds)}), {int(first['pairs'])} pairs of {int(first['prompts'])} prompts"
    clear = others[others["p_holm"] < ALPHA]
    better, worse = clear[clear["difference"] > 0], clear[clear["difference"] < 0]
    lines = [
        f"Of {len(others)} recipes, {len(clear)} differ from {baseline} in {first['metric']} under {first['scoring']} "
        f"after Holm at {ALPHA:g} ({scope}): {_named(better, 'better')}, {_named(worse, 'worse')}; "
        f"{len(others) - len(clear)} cannot be told apart from it."
    ]
    alone, family = others["mdd"].median(), others["mdd_family"].median()
    if not math.isnan(alone):
        lines.append(
            f"What this could have seen, with 80 % power: in the median row a true difference of {alone:.3f} by a test of "
            f"its own, one of {family:.3f} at Holm's strictest step. A row that is not told apart may differ by less."
        )
    return lines


def _named(rows: pd.DataFrame, word: str) -> str:
    if not len(rows):
        return f"0 {word}"
    return f"{len(rows)} {word} ({', '.join(rows['method'])})"


def layout(frame: pd.DataFrame) -> TableLayout:
    """What a terminal of 80 columns shows."""
    head = ("rank", "method", "mean", "difference [95%]", "p Holm", "rank 90%", "win rate", "note")
    body = tuple(tuple(_cells(row)) for _, row in frame.iterrows())
    notes = (
        "rank 90%: 5 to 95 % of the ranks over other prompts and seeds, an approximation (docs/statistics.md)",
        "win rate: against the data's chosen responses",
        "note: u form unverified, t twin of a method for another modality, ! responses degenerated",
    )
    return TableLayout("leaderboard", head, body, notes)


def _cells(row: pd.Series) -> list[str]:
    form = {"form unverified": "u", "twin": "t"}.get(str(row["form"]), "")
    return [
        f"{row['rank']:g}",
        str(row["method"]),
        numbers.number(row["mean"]),
        "baseline"
        if math.isnan(row["difference"])
        else numbers.bounded(row["difference"], row["low"], row["high"], _signed),
        numbers.p_value(row["p_holm"]),
        "n/a" if math.isnan(row["rank_low"]) else f"{row['rank_low']:g}-{row['rank_high']:g}",
        numbers.number(row["win_rate"], decimals=3),
        form + ("!" if row["degenerated"] else ""),
    ]


def _signed(value: float) -> str:
    return numbers.signed(value, decimals=3)


def document(frame: pd.DataFrame, *, setting: str, notice: str) -> str:
    """The page: answer, table, and what each degenerated row did, ending with a newline."""
    seeds = [name for name in frame.columns if name.startswith("seed ")]
    rows = []
    for _, row in frame.iterrows():
        cells = _cells(row)
        rows.append(
            {
                "rank": cells[0],
                "method": cells[1] + (f" ({row['form']})" if row["form"] else ""),
                **{name: numbers.number(row[name], decimals=3) for name in seeds},
                "mean": cells[2],
                "difference [95%]": cells[3],
                "p Holm": cells[4],
                "MDD": numbers.number(row["mdd"], decimals=3),
                "rank 90%": cells[5],
                "P(best)": numbers.number(row["p_best"], decimals=3),
                "win rate [95%]": numbers.bounded(row["win_rate"], row["win_rate_low"], row["win_rate_high"], _short),
                "tokens": numbers.number(row["response_tokens"], decimals=1),
                "learning rate": "n/a" if math.isnan(row["learning_rate"]) else f"{row['learning_rate']:g}",
                "degenerated": str(row["degenerated"]),
            }
        )
    lines = [
        f"# Leaderboard of `{setting}`",
        "",
        *([f"*{notice}*", ""] if notice else []),
        *[part for line in answer(frame) for part in (line, "")],
        markdown.records(rows),
        "",
    ]
    return "\n".join(lines)


def _short(value: float) -> str:
    return numbers.number(value, decimals=3)
