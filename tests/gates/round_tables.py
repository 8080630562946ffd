"""What draws and rounds came to on the embedded setting, and the bounds that it must keep.

`python -m tests.gates.round_tables` makes the tables; results/behaviour/rounds/ has those of one comparison, from which
a section of docs/behaviour.md follows. The bounds leave room for about two standard errors of a win rate over 300
prompts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchbench.cli.main import main
from benchbench.report import markdown
from benchbench.report.numbers import number
from benchbench.store.files import write_csv, write_text

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "behaviour" / "rounds"
SEEDS = (42, 13, 3407, 1, 2)
ITERATIVE, ANNOTATED, HOT, HYPO = "dpo@iterative", "dpo@iterative_annotator", "dpo@hot", "hypo_online_kl"
OVER = "dpo@overoptimised"
HOT_RECIPE = """name: dpo_hot_tiny
description: DPO with the settings of hypo_online_kl_tiny, without its draws.
setting: tiny
method: {name: dpo, variant: hot, hyper: {beta: 0.1}}
preference: {learning_rate: 5e-4}
"""
FILES = ("win_rates.csv", "rounds.csv", "ledger.csv")
LEAST_ENDED = 0.95
"""Share of answers that end by themselves."""


@dataclass(frozen=True)
class Finding:
    """One thing that draws or rounds are known for."""

    claim: str
    measured: tuple[float, ...]
    """One number of all seeds, or one for each seed."""
    bound: str
    holds: bool


class Tables:
    """The tables of one comparison's folder."""

    def __init__(self, folder: Path) -> None:
        self.win_rates = pd.read_csv(folder / "win_rates.csv").query("metric == 'win_rate'")
        self.rounds = pd.read_csv(folder / "rounds.csv")
        self.ledger = pd.read_csv(folder / "ledger.csv").set_index(["label", "seed"])

    def win(self, method: str, opponent: str) -> float:
        """Mean win rate over the seeds."""
        rows = self.win_rates.query("method == @method and opponent == @opponent")
        assert len(rows) == len(SEEDS), (method, opponent)
        return float(rows["value"].mean())

    def kl(self, label: str) -> pd.Series:
        """KL of the final policy at each seed, in nats per response."""
        return self.ledger.loc[label, "kl"].loc[list(SEEDS)]

    def round(self, label: str, place: int) -> pd.DataFrame:
        """Rows of one round, a row per seed; with -1 of the last."""
        rows = self.rounds.query("label == @label")
        name = rows["round"].max() if place < 0 else place
        return rows[rows["round"] == name].set_index("seed").loc[list(SEEDS)]


def findings(tables: Tables) -> Iterator[Finding]:
    """Every claim with what was measured."""
    yield _at_least("win rate of iterative DPO over SFT", tables.win(ITERATIVE, "sft"), 0.74)
    yield _at_least("win rate of iterative DPO over offline DPO", tables.win(ITERATIVE, "dpo"), 0.70)
    ended = tables.round(ITERATIVE, 3)["ended"]
    yield _of_seeds("share of its answers that end by themselves", ended, f">= {LEAST_ENDED}", ended >= LEAST_ENDED)
    gain = tables.round(ITERATIVE, 2)["judge_score"] - tables.round(ITERATIVE, 1)["judge_score"]
    yield _of_seeds("gold reward that its second round gains", gain, "> 0", gain > 0)
    least = tables.win("dpo", "sft") - 0.04
    yield _at_least(
        "win rate over SFT of rounds with offline DPO's number of labels", tables.win(ANNOTATED, "sft"), least
    )
    ratio = tables.kl(ANNOTATED) / tables.kl("dpo")
    yield _of_seeds("their KL as a share of offline DPO's", ratio, "< 1", ratio < 1)
    hypo = tables.kl(HYPO) / tables.kl(HOT)
    yield _of_seeds("KL of HyPO as a share of DPO's at the same settings", hypo, "<= 0.25", hypo <= 0.25)
    yield _at_least("win rate of RLOO on gold over SFT", tables.win("rloo", "sft"), 0.80)
    first, last = tables.round(OVER, 1), tables.round(OVER, -1)
    score = last["oracle_score"] - first["oracle_score"]
    yield _of_seeds("reward model's score of hot rounds that follow it, last less first round", score, "> 0", score > 0)
    gold = last["judge_score"] - first["judge_score"]
    yield _of_seeds("gold reward of the same", gold, "<= -1", gold <= -1)
    marked = last["degenerate"].notna()
    yield _of_seeds("whether their last round is marked degenerate", marked.astype(float), "1", marked)


def _at_least(claim: str, measured: float, least: float) -> Finding:
    return Finding(claim, (measured,), f">= {number(least, decimals=3)}", measured >= least)


def _of_seeds(claim: str, measured: pd.Series, bound: str, holds: pd.Series) -> Finding:
    assert len(measured) == len(SEEDS) and not measured.isna().any(), claim
    return Finding(claim, tuple(map(float, measured)), f"{bound} on every seed", bool(holds.all()))


def section(tables: Tables) -> list[str]:
    """Lines of the document."""
    shown = [
        {
            "what": finding.claim,
            "measured": ", ".join(number(value, decimals=3) for value in finding.measured),
            "bound": finding.bound,
            "": "holds" if finding.holds else "does not hold",
        }
        for finding in findings(tables)
    ]
    return [
        "## Do draws and rounds do what they are known for?",
        "",
        f"Seeds {' '.join(map(str, SEEDS))}, 300 answered prompts, judged by the world's own rewards; drawn by",
        "transformers. One number is the mean of all seeds. The recipes are not tuned. Made by",
        "`python -m tests.gates.round_tables`.",
        "",
        markdown.records(shown),
        "",
        f"`{OVER}` trains six hot rounds on the pairs that a reward model prefers. Means over the seeds, with the",
        "least and the greatest; the reward model scores what a round draws before it trains, the world's own reward",
        "what its policy answers after it:",
        "",
        markdown.records(_by_round(tables.rounds.query("label == @OVER"))),
        "",
    ]


def _by_round(rows: pd.DataFrame) -> list[dict[str, str]]:
    columns = {"oracle_score": "reward model", "judge_score": "gold", "kl_k1": "KL, nats", "ended": "ended"}
    return [
        {"round": str(name), **{title: _spread(of_round[column]) for column, title in columns.items()}}
        for name, of_round in rows.groupby("round")
    ]


def _spread(values: pd.Series) -> str:
    mean, least, most = (number(value, decimals=2) for value in (values.mean(), values.min(), values.max()))
    return f"{mean} ({least} to {most})"


def compare(folder: Path, runs: Path) -> Path:
    """Train the rows and compare them; returns the folder of the tables.

    Args:
        folder: gets a recipe and the results.
        runs: of the stages; what is there already is not trained again.
    """
    write_text(folder / "hot.yaml", HOT_RECIPE)
    rows = ("dpo", ITERATIVE, ANNOTATED, OVER, HYPO, "rloo", str(folder / "hot.yaml"))
    engine = ("--set", "generate.engine=transformers", "--allow-different")
    where = ("--runs", str(runs), "--results", str(folder / "results"))
    code = main(["compare", *rows, "--seeds", *map(str, SEEDS), *engine, *where])
    assert code == 0, code
    return folder / "results" / "tiny" / "comparisons" / "latest"


def measure(arguments: Sequence[str]) -> None:
    """Make the committed tables again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    with tempfile.TemporaryDirectory() as scratch:
        tables = compare(Path(scratch), parser.parse_args(arguments).runs)
        for name in FILES:
            rows = pd.read_csv(tables / name, dtype=str, keep_default_na=False)
            kept = rows[rows["metric"] == "win_rate"] if "metric" in rows else rows
            write_csv(FOLDER / name, list(rows.columns), kept.to_dict("records"))


if __name__ == "__main__":
    measure(sys.argv[1:])
