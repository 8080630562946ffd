"""What draws and rounds must show on the embedded setting over its three seeds, whose engine is transformers.

The bounds leave room for about two standard errors of a win rate over 300 prompts.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchbench.cli.main import main

pytestmark = pytest.mark.slow

ITERATIVE, ANNOTATED, HOT, HYPO = "dpo@iterative", "dpo@iterative_annotator", "dpo@hot", "hypo_online_kl"
OVER = "dpo@overoptimised"
HOT_RECIPE = """name: dpo_hot_tiny
description: DPO with the settings of hypo_online_kl_tiny, without its draws.
setting: tiny
method: {name: dpo, variant: hot, hyper: {beta: 0.1}}
preference: {learning_rate: 5e-4}
"""
LEAST_ENDED = 0.95
"""Share of answers that end by themselves."""


class Tables:
    """The tables of one comparison's folder."""

    def __init__(self, folder: Path) -> None:
        self.win_rates = pd.read_csv(folder / "win_rates.csv").query("metric == 'win_rate'")
        self.rounds = pd.read_csv(folder / "rounds.csv")
        self.ledger = pd.read_csv(folder / "ledger.csv").set_index(["label", "seed"])
        self.responses = pd.read_csv(folder / "responses.csv")

    def win(self, method: str, opponent: str) -> float:
        """Mean win rate over the seeds."""
        rows = self.win_rates.query("method == @method and opponent == @opponent")
        assert len(rows) == 3, (method, opponent)
        return float(rows["value"].mean())

    def kl(self, label: str) -> pd.Series:
        """KL of the final policy at each seed, in nats per response."""
        return self.ledger.loc[label, "kl"]

    def round(self, label: str, number: int) -> pd.DataFrame:
        """Rows of one round, a row per seed."""
        return self.rounds.query("label == @label and round == @number").set_index("seed")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("rounds")
    (folder / "hot.yaml").write_text(HOT_RECIPE, encoding="utf-8")
    rows = ("dpo", ITERATIVE, ANNOTATED, OVER, HYPO, "rloo", str(folder / "hot.yaml"))
    engine = ("--set", "generate.engine=transformers", "--allow-different")
    assert main(["compare", *rows, *engine, "--runs", str(folder / "runs"), "--results", str(folder / "results")]) == 0
    return Tables(folder / "results" / "tiny" / "comparisons" / "latest")


def test_rounds_by_gold_beat_sft_and_offline_dpo(tables: Tables):
    assert tables.win(ITERATIVE, "sft") >= 0.74
    assert tables.win(ITERATIVE, "dpo") >= 0.70
    assert (tables.round(ITERATIVE, 3)["ended"] >= LEAST_ENDED).all()


def test_a_second_round_gains_on_every_seed(tables: Tables):
    first, second = (tables.round(ITERATIVE, number)["judge_score"] for number in (1, 2))
    assert (second > first).all()


def test_at_equal_labels_rounds_are_no_worse_and_nearer(tables: Tables):
    assert tables.win(ANNOTATED, "sft") >= tables.win("dpo", "sft") - 0.04
    assert (tables.kl(ANNOTATED) < tables.kl("dpo")).all()


def test_draws_keep_hot_dpo_near(tables: Tables):
    assert (tables.kl(HYPO) <= 0.25 * tables.kl(HOT)).all()


def test_rloo_by_gold_beats_sft(tables: Tables):
    assert tables.win("rloo", "sft") >= 0.80


def test_a_reward_model_is_over_optimised_and_it_is_seen(tables: Tables):
    """On every seed the reward model likes what is drawn later better while gold likes the answers less."""
    second, fourth = (tables.round(OVER, number) for number in (2, 4))
    assert (fourth["oracle_score"] > second["oracle_score"]).all()
    assert (fourth["judge_score"] <= second["judge_score"] - 1).all()
    assert fourth["degenerate"].notna().all()
