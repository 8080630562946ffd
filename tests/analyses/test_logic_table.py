"""logic_table: truth tables of two statements, their order, and what the losses of the room say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from benchbench.analyses._worlds import WORLDS, Structure, structure_of, structures
from benchbench.analyses.logic_table import analyse
from benchbench.core.analysis import Analysed, NoOptions
from benchbench.core.seeding import stream

LOG_P = np.log(stream(0, "probabilities").uniform(0.05, 0.95, (40, 4)))


def structure(text: str) -> Structure:
    """`w / l` read back."""
    wins, losses = (frozenset(side.split("+")) for side in text.split(" / "))
    return Structure(wins, losses)


def probability(worlds: frozenset[str], w: float, l: float) -> float:  # noqa: E741
    """From the truth table, row by row."""
    rows = {"wl": w * l, "w": w * (1 - l), "l": (1 - w) * l, "-": (1 - w) * (1 - l)}
    assert sum(rows.values()) == pytest.approx(1)
    return sum(rows[world] for world in worlds)


def test_rho_is_that_of_the_truth_table():
    w, l = 0.7, 0.4  # noqa: E741
    for one in structures():
        expected = np.log(probability(one.wins, w, l) / probability(one.losses, w, l))
        assert one.rho(np.log([[w, l]]))[0] == pytest.approx(expected)


def test_ratios_and_odds_by_hand():
    """Wl + w has the chosen one's probability; w over l are the odds of one over those of the other."""
    w, l = 0.7, 0.4  # noqa: E741
    assert structure("wl+w / wl+l").rho(np.log([[w, l]]))[0] == pytest.approx(np.log(w / l))
    assert structure("w / l").rho(np.log([[w, l]]))[0] == pytest.approx(np.log(w / (1 - w)) - np.log(l / (1 - l)))


def test_slopes_are_derivatives():
    step = 1e-6
    for one in list(structures())[::7]:
        for k in range(2):
            change = step * np.eye(2)[k]
            expected = (one.rho(LOG_P[:, :2] + change) - one.rho(LOG_P[:, :2] - change)) / (2 * step)
            assert one.slope(LOG_P[:, :2])[:, k] == pytest.approx(expected, abs=1e-6)


def test_what_implies_another_never_has_the_larger_rho():
    """All pairs of the structures, at forty points: the loss of the one that implies is never below."""
    every = list(structures())
    rho = np.array([one.rho(LOG_P[:, :2]) for one in every])
    pairs = [(i, j) for i, j in product(range(len(every)), repeat=2) if every[i].implies(every[j])]
    assert len(pairs) > len(every)
    for i, j in pairs:
        assert (rho[i] <= rho[j] + 1e-12).all()
        assert (np.logaddexp(0, -rho[i]) >= np.logaddexp(0, -rho[j]) - 1e-12).all()


def test_implication_is_an_order():
    every = list(structures())[::9]
    for one, other, third in product(every, repeat=3):
        assert one.implies(one)
        assert one == other or not (one.implies(other) and other.implies(one))
        assert not (one.implies(other) and other.implies(third)) or one.implies(third)


def test_every_structure_of_two_different_sides_is_there_once():
    """Fifteen sides that are not empty, on either side, but not the same twice: 15 * 14."""
    assert len(set(structures())) == len(structures()) == 15 * 14
    assert {world for one in structures() for world in one.wins} == set(WORLDS)


@pytest.mark.parametrize("text", ["wl+w / wl+l", "w / l", "w / wl+l+-", "wl+w+- / l"])
@pytest.mark.parametrize("has_reference", [False, True])
def test_a_structure_is_found_again_in_its_own_loss(text: str, has_reference: bool):
    """-log sigmoid(rho), whose slope is -sigmoid(-rho) times that of rho."""
    one = structure(text)
    policy, reference = (one.slope(LOG_P[:, columns]) for columns in (slice(0, 2), slice(2, 4)))
    rho = one.rho(LOG_P[:, :2]) - (one.rho(LOG_P[:, 2:]) if has_reference else 0)
    slopes = -np.hstack([policy, -reference if has_reference else 0 * reference]) / (1 + np.exp(rho))[:, None]
    match = structure_of(slopes, LOG_P)
    assert match is not None
    assert (match.structure, match.has_reference, match.always_falls) == (one, has_reference, True)


def test_slopes_of_nothing_have_no_structure():
    assert structure_of(stream(1, "slopes").normal(size=(40, 4)), LOG_P) is None


@pytest.fixture(scope="module")
def room() -> Analysed:
    """All losses of the room."""
    return analyse({}, NoOptions())


def test_what_the_losses_of_the_room_say(room: Analysed):
    terms = {
        (row["method"], row["term"]): (row["structure"], row["reference"], row["falls"]) for row in room.tables[3].rows
    }
    assert terms["dpo", "loss"] == ("wl+w / wl+l", "yes", "always")
    assert terms["cpo", "preference"] == terms["simpo", "loss"] == ("wl+w / wl+l", "no", "always")
    assert terms["orpo", "odds_ratio"] == ("w / l", "no", "always")
    assert terms["ipo", "loss"] == ("wl+w / wl+l", "yes", "to a target")
    assert terms["asft", "odds"] == ("w / wl+l+-", "no", "always")
    assert terms["cpo", "sft"][0] == "chosen alone" and terms["dpop", "loss"][0] == "none"


def test_structures_have_conditions_and_what_is_ambiguous(room: Analysed):
    found = {(row["structure"], row["reference"]): row for row in room.tables[0].rows}
    ratio, odds = found["wl+w / wl+l", "no"], found["w / l", "no"]
    assert (ratio["core"], ratio["conditions"], ratio["ambiguous"]) == ("l implies w", "wl+w+l", "wl")
    assert (odds["core"], odds["conditions"], odds["ambiguous"]) == ("l implies w", "w+l", "-")
    assert {"cpo", "simpo"} <= set(ratio["methods"].split(", "))


def test_implications_and_equal_losses_of_the_room(room: Analysed):
    implications = {(row["structure"], row["implies"]) for row in room.tables[1].rows if row["reference"] == "no"}
    assert ("w / wl+l+-", "w / l") in implications and ("w / l", "wl+w / wl+l") not in implications
    assert any({"dpo", "tpo_text_twin"} <= set(row["methods"].split(", ")) for row in room.tables[2].rows)


def test_every_method_is_somewhere(room: Analysed):
    from benchbench import methods

    others = [name for row in room.tables[4].rows for name in row["names"].split(", ")]
    read = {row["method"] for row in room.tables[3].rows}
    assert sorted([*others, *read]) == sorted(methods.names())
    assert sum(row["methods"] for row in room.tables[4].rows) == len(others)
