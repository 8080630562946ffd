"""docs/tuning.md: what every method's grid on the toy setting gave, from the log that `bench tune` keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchbench.store.tuning_logs import read_tuning_log

LOG = Path(__file__).resolve().parents[2] / "results" / "leaderboard" / "tuning.csv"
KEY = "preference.learning_rate"
HEAD = f"""# The equal grid of the embedded setting

Mean over seeds 0 and 1 of {{metric}} under {{scoring}} on split `{{split}}`, for every value of
`{KEY}` that was tried, from [results/leaderboard/tuning.csv](../results/leaderboard/tuning.csv), which has
every seed; made by `make docs`.

    bench tune METHOD ... --setting tiny --grid {KEY}=1e-4,2e-4,4e-4 --seeds 0 1 --widen \\
        --log results/leaderboard/tuning.csv --write-recipes recipes

Each method had three values and, where an edge of them was chosen, one more beyond that edge; everything else is the
method's default or stands in its recipe. **Chosen**, by a rule that was fixed beforehand, is the smallest value whose
mean is within one standard error (paired, over seeds and prompts) of the best: of a method whose two seeds lie far
apart, that may be a value with a clearly lower mean. The choice rests on pair accuracy alone: it says nothing about
what a method does to generated answers, which the leaderboard shows.

"""


def tuning_page() -> str:
    """The page; every row of the log is in it once."""
    rows = [row for row in read_tuning_log(LOG) if row["setting"] == "tiny"]
    about = {name: _only(rows, name) for name in ("metric", "scoring", "split")}
    rates = sorted({row[KEY] for row in rows}, key=float)
    methods = dict.fromkeys(row["method"] for row in rows)
    table = [
        f"| method | {' | '.join(_short(rate) for rate in rates)} |",
        f"| --- |{' ---: |' * len(rates)}",
        *(_line(method, [row for row in rows if row["method"] == method], rates) for method in methods),
    ]
    count = f"{len(methods)} methods, {len(rows)} values tried.\n\n"
    return HEAD.format(**about) + count + "\n".join(table) + "\n"


def _line(method: str, rows: Sequence[Mapping[str, str]], rates: Sequence[str]) -> str:
    by_rate = {row[KEY]: _cell(row) for row in rows}
    return f"| `{method}` | {' | '.join(by_rate.get(rate, '') for rate in rates)} |"


def _cell(row: Mapping[str, str]) -> str:
    if row["diverged"]:
        return "diverged"
    mean = f"{float(row['mean']):.3f}"
    return f"**{mean}**" if row["chosen"] else mean


def _short(rate: str) -> str:
    mantissa, exponent = f"{float(rate):.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _only(rows: Sequence[Mapping[str, str]], name: str) -> str:
    """The one value of a column: grids that differ in it do not belong into one table.

    Raises:
        ValueError: several values.
    """
    (value,) = {row[name] for row in rows}
    return value
