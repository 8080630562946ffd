"""What `--match` and `--at` take, and which rows make a curve."""

from __future__ import annotations

import pytest
from harness import MICRO

from benchbench.commands.compare.conditions import places, quantities
from benchbench.commands.compare.frontier.families import curve_name, families
from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.recipe.overrides import parse_overrides


def test_quantities_and_places_are_read_once_each():
    assert quantities(["updates", "labels", "updates"]) == ("updates", "labels")
    assert places(["kl=1", "kl=0.5", "kl=1.0"]) == (1.0, 0.5)
    assert quantities([]) == places([]) == ()


@pytest.mark.parametrize("text", ["1", "kl", "kl=", "kl=x", "kl=-1", "kl=nan", "kl=inf", "reward=1"])
def test_a_place_that_is_no_kl_is_refused(text: str):
    with pytest.raises(BenchError, match="--at: expected kl=NUMBER"):
        places([text])


def test_a_quantity_that_nobody_counts_is_refused():
    with pytest.raises(BenchError, match="unknown quantity of --match 'tokens'"):
        quantities(["tokens"])


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (["dpo"], "dpo"),
        (["dpo", "dpo@b_01"], "dpo"),
        (["dpo@b_01", "dpo@b_1"], "dpo@b"),
        (["dpo@iterative_b01", "dpo@iterative_b10"], "dpo@iterative"),
        (["dpo@one", "dpo@other"], "dpo"),
    ],
)
def test_a_curve_is_called_what_its_labels_share(labels: list[str], name: str):
    assert curve_name(labels) == name


def test_recipes_that_differ_in_hyper_parameters_alone_are_one_curve():
    def recipe(method: str, *sets: str):
        return resolve(method, setting=str(MICRO), overrides=parse_overrides(sets))

    low = recipe("dpo", "method.hyper.beta=0.1")
    high = recipe("dpo", "method.hyper.beta=0.9", "preference.learning_rate=1e-4")
    other, longer = recipe("ipo"), recipe("dpo", "preference.max_steps=5", "method.variant=default")
    assert list(families([low, high]).values()) == [["dpo", "dpo"]]
    assert families([low, other]) == {"dpo": ["dpo"], "ipo": ["ipo"]}
    assert len(families([low, high, longer])) == 2
