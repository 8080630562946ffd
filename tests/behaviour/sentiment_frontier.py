"""Reward against KL on real text: a small pretrained model continues stories, and the lexicon scores what it writes.

`python -m tests.behaviour.sentiment_frontier --model FOLDER --stories FILE` makes the tables from the setting and the
recipes of docs/examples/stories_sentiment/; a section of docs/behaviour.md and its figure follow from what
results/behaviour/sentiment/ has. It is figure 2, left, of DPO (arXiv:2305.18290) at the size of this model.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchbench.report import markdown

from .frontiers import FIGURES, LEDGER, POINTS, ROOT, Row, draw, interval, mean_of, read, run, win_rates

EXAMPLE = ROOT / "docs" / "examples" / "stories_sentiment"
FOLDER = ROOT / "results" / "behaviour" / "sentiment"
FIGURE = FIGURES / "sentiment_frontier.png"
FILES = (POINTS, LEDGER)
SEEDS = (42, 13, 3407)
BETAS = {
    "dpo.yaml": "method.hyper.beta=0.03,0.1,0.3",
    "ipo.yaml": "method.hyper.beta=0.1,0.3,1.0",
    "simpo.yaml": "method.hyper.beta=2,5,10",
    "dpo_iterative.yaml": "method.hyper.beta=0.03,0.1,0.3",
    "hypo.yaml": "method.hyper.beta=0.03,0.1,0.3",
    "rloo.yaml": "method.hyper.kl_weight=0.02,0.06,0.2",
}
"""Recipe -> what is varied of it."""
IN_WORDS = {
    "dpo": "DPO",
    "ipo": "IPO",
    "simpo": "SimPO",
    "dpo@iterative": "iterative DPO",
    "hypo_online_kl": "HyPO",
    "rloo": "RLOO",
}
"""Curve -> what the page calls it."""


def command() -> list[str]:
    """The words of the one command, in the folder of the example."""
    grids = [word for recipe, axis in BETAS.items() for word in ("--grid", f"{recipe}:{axis}")]
    seeds = ["--seeds", *map(str, SEEDS)]
    engine = ["--set", "generate.engine=transformers"]
    return ["compare", *BETAS, "--setting", "setting.yaml", "--baseline", "sft", *seeds, *grids, *engine]


def measure(arguments: Sequence[str]) -> None:
    """Make the committed tables again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a model that was trained on stories")
    parser.add_argument("--stories", type=Path, required=True, help="gzip of rows with a column text")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--workers", default="1")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        (folder / "model").symlink_to(options.model.resolve())
        (folder / "data").mkdir()
        (folder / "data" / "stories.jsonl.gz").symlink_to(options.stories.resolve())
        placed = [str(folder / word) if word.endswith(".yaml") else word for word in command()]
        placed = [f"{folder}/{word}" if ".yaml:" in word else word for word in placed]
        places = ["--runs", str(options.runs.resolve()), "--workers", options.workers]
        run([*placed, *places], folder / "results", FOLDER, FILES)


def section() -> list[str]:
    """Lines of the document."""
    points, ledger = (read(FOLDER / name) for name in FILES)
    return [
        "## How much sentiment does a nat of KL buy?",
        "",
        "A pretrained model of stories goes on with their beginnings, and the lexicon of VADER scores what it writes:",
        "figure 2, left, of [DPO](https://arxiv.org/abs/2305.18290) at the size of this model, no evidence about",
        "larger ones. Pairs are drawn from the SFT policy, or from that of the round before, and ordered by the score,",
        f"which is the reward of RLOO too; seeds {' '.join(map(str, SEEDS))}. The recipes are those of",
        "[examples/stories_sentiment](examples/stories_sentiment/setting.yaml); nothing was tuned. In a folder with",
        "its files, `model/` and `data/stories.jsonl.gz`:",
        "",
        *(f"    {line}" for line in _folded(["bench", *command()])),
        "",
        "Means over the seeds with 95% intervals over seeds and prompts; win rate and score gained are against the SFT",
        "policy:",
        "",
        markdown.records(_shown(points, ledger)),
        "",
        f"![Score gained over the KL to the SFT policy](figures/{FIGURE.name})",
        "",
    ]


def _folded(words: Sequence[str]) -> list[str]:
    """The words in lines, each axis in one of its own."""
    lines: list[str] = [""]
    for word in words:
        if word in ("--setting", "--grid", "--set"):
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _shown(points: Sequence[Row], ledger: Sequence[Row]) -> list[dict[str, str]]:
    gained = {row["point"]: row for row in points if row["quantity"] == "score_gained"}
    shown: list[dict[str, str]] = []
    for win, label, took in win_rates(points, ledger):
        shown.append(
            {
                "method": IN_WORDS.get(win["curve"], f"`{win['curve']}`"),
                "varied": label.rpartition("@")[2].rpartition(",")[2] if took else "",
                "responses": mean_of(took, "responses"),
                "KL, nats": interval(win, "kl"),
                "win rate": interval(win, "value", decimals=3),
                "score gained": interval(gained[win["point"]], "value", decimals=3),
            }
        )
    return shown


def picture() -> None:
    """Draw the figure."""
    draw(FOLDER / POINTS, FIGURE, quantity="score_gained", name="sentiment gained over SFT", words=IN_WORDS)


if __name__ == "__main__":
    measure(sys.argv[1:])
