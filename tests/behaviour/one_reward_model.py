"""DDO-RM beside RLOO, GRPO, PPO and best-against-worst DPO, all of which learn from one reward model per seed.

`python -m tests.behaviour.one_reward_model` makes the tables: one command, in which every method has the same two
learning rates and draws the same number of responses, so that rows are compared at equal responses and, on the lines
between the two policies of a method, at an equal KL. A section of docs/behaviour.md and its figure follow from what
results/behaviour/one_reward_model/ has.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchbench.report import markdown
from benchbench.report.numbers import p_value, signed

from .frontiers import FIGURES, LEDGER, MATCHED, POINTS, ROOT, Row, draw, interval, mean_of, read, run, win_rates

FOLDER = ROOT / "results" / "behaviour" / "one_reward_model"
FIGURE = FIGURES / "one_reward_model.png"
FILES = (POINTS, MATCHED, LEDGER)
SEEDS = (42, 13, 3407)
TARGETS = (
    *("ddo_rm@matched", "ddo_rm@matched_k8", "ddo_rm@matched_k16"),
    *("rloo@matched", "grpo@matched", "ppo@matched", "dpo@matched"),
)
GRID = "preference.learning_rate=1e-4,4e-4"
KLS = ("kl=0.5",)
IN_WORDS = {
    "ddo_rm@matched": "DDO-RM, K = 4",
    "ddo_rm@matched_k8": "DDO-RM, K = 8",
    "ddo_rm@matched_k16": "DDO-RM, K = 16",
    "rloo@matched": "RLOO",
    "grpo@matched": "GRPO",
    "ppo@matched": "PPO",
    "dpo@matched": "DPO, best against worst",
}
"""Curve -> what the page calls it."""
TOOK = {"prompts": "prompts", "responses": "responses", "generated_tokens": "their tokens"}
"""Column of the ledger -> title."""


def command() -> list[str]:
    """The words of the one command."""
    at = [word for kl in KLS for word in ("--at", kl)]
    conditions = ["--grid", GRID, "--match", "responses", *at]
    seeds = ["--seeds", *map(str, SEEDS)]
    return [
        "compare",
        *TARGETS,
        "--setting",
        "tiny",
        "--baseline",
        "sft",
        *seeds,
        *conditions,
        "--set",
        "generate.engine=transformers",
    ]


def measure(arguments: Sequence[str]) -> None:
    """Make the committed tables again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--workers", default="1")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        places = ["--runs", str(options.runs), "--workers", options.workers]
        run([*command(), *places], Path(scratch), FOLDER, FILES)


def section() -> list[str]:
    """Lines of the document."""
    points, matched, ledger = (read(FOLDER / name) for name in FILES)
    return [
        "## One reward model, several learners",
        "",
        "DDO-RM on K generated candidates beside RLOO, GRPO, PPO and DPO on the best against the worst of four, all",
        f"from one reward model per seed; seeds {' '.join(map(str, SEEDS))}, 300 answered prompts, judged by the",
        "world's own rewards; drawn by transformers. One command, in which every method has the same two learning",
        "rates:",
        "",
        f"    {shlex.join(['bench', *command()])}",
        "",
        "`python -m tests.behaviour.one_reward_model` runs it and keeps the tables. With K = 8 and 16 DDO-RM draws for",
        "half and a quarter of the prompts, so that all rows draw equally many responses and make as many updates.",
        "Other settings are those of the recipes, which are not tuned; so no order of the methods follows.",
        "",
        "At matched responses, means over the seeds with 95% intervals over seeds and prompts; win rates and gold",
        "reward gained are against the SFT policy:",
        "",
        markdown.records(_at_responses(points, ledger)),
        "",
        *(line for kl in dict.fromkeys(row["kl"] for row in matched) for line in _at_kl(matched, float(kl))),
        f"![Win rate over the KL to the SFT policy](figures/{FIGURE.name})",
        "",
    ]


def _at_responses(points: Sequence[Row], ledger: Sequence[Row]) -> list[dict[str, str]]:
    by_point = {(row["quantity"], row["point"]): row for row in points}
    shown: list[dict[str, str]] = []
    for win, label, took in win_rates(points, ledger):
        shown.append(
            {
                "method": IN_WORDS.get(win["curve"], f"`{win['curve']}`"),
                "learning rate": label.rpartition("learning_rate=")[2] if took else "",
                **{title: mean_of(took, name) for name, title in TOOK.items()},
                "KL, nats": interval(win, "kl"),
                "win rate": interval(win, "value", decimals=3),
                "gold gained": interval(by_point["score_gained", win["point"]], "value"),
            }
        )
    return shown


def _at_kl(matched: Sequence[Row], kl: float) -> list[str]:
    at = {(row["quantity"], row["curve"]): row for row in matched if row["kl"] == kl}
    wins = [row for (quantity, _), row in at.items() if quantity == "win_rate"]
    baseline = next(row["curve"] for row in wins if math.isnan(row["difference"]))
    shown = [
        {
            "method": IN_WORDS[row["curve"]],
            "win rate": interval(row, "value", decimals=3),
            f"difference to {IN_WORDS[baseline]}": ""
            if row["curve"] == baseline
            else interval(row, "difference", decimals=3, text=signed),
            "p Holm": "" if math.isnan(row["p_holm"]) else p_value(row["p_holm"]),
            "gold gained": interval(at["score_gained", row["curve"]], "value"),
        }
        for row in wins
    ]
    return [
        f"At a KL of {kl:g} nats per response, on the straight line between each seed's two policies of a method,",
        "which is long where the faster one went far; the KL's own error is not in the intervals:",
        "",
        markdown.records(shown),
        "",
    ]


def picture() -> None:
    """Draw the figure."""
    draw(FOLDER / POINTS, FIGURE, quantity="win_rate", name="win rate against SFT", words=IN_WORDS)


if __name__ == "__main__":
    measure(sys.argv[1:])
