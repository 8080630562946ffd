"""Reported differences in words."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.reported.contrasts import Contrast, Reread, by_seed, independent, read_together
from benchbench.report.reported import answer, records, seeds_in_words, sentence, sight, statement, tidy

DPO = Runs(49.76, 2.27, 5)
"""Of oxRL's table of variants, as are the others (arXiv:2603.19335)."""
VARIANTS = {
    "ORPO": Runs(53.89, 0.60, 5),
    "IPO": Runs(52.36, 0.75, 5),
    "KTO": Runs(50.48, 2.11, 5),
    "CPO": Runs(51.43, 1.57, 5),
    "SimPO": Runs(38.23, 2.12, 5),
}
BASE = Runs(31.16, math.nan, 1)


def family(*more: Contrast, **variants: Runs) -> list[Reread]:
    contrasts = [
        Contrast(candidate=name, baseline="DPO", metric="", seeds=(runs.k, 5), interval=independent(runs, DPO))
        for name, runs in variants.items()
    ]
    return read_together([*contrasts, *more])


def base() -> Contrast:
    return Contrast(
        candidate="base",
        baseline="DPO",
        metric="",
        seeds=(1, 5),
        interval=independent(BASE, DPO),
        notes=("base has one seed",),
    )


def test_the_papers_difference_is_said_in_the_words_of_the_issue():
    """Pair accuracies of arXiv:2604.11119: +1.25, +4.25 and +5.40 points; the values are those of test_check."""
    differences = Runs(0.036333333333333336, 0.021426230030813457, 3)
    (row,) = read_together(
        [Contrast(candidate="ddo_rm", baseline="dpo", metric="", seeds=(3, 3), interval=by_seed(differences))]
    )
    assert statement(row) == "+0.0363 [-0.017, +0.090], p 0.099: three seeds do not settle it"


def test_each_standing_has_its_sentence():
    rows = family(base(), **VARIANTS)
    said = {row.contrast.candidate: sentence(row) for row in rows}
    assert said["ORPO"] == (
        "ORPO against DPO: +4.13 [+1.3, +6.9], p 0.013: holds by itself and not among all 6 (p Holm 0.066); 80 % power "
        "begins at 3.79, 5.95 corrected."
    )
    assert said["IPO"] == (
        "IPO against DPO: +2.60 [-0.2, +5.4], p 0.061: five seeds do not settle it; 80 % power begins at 3.78, 5.84 "
        "corrected."
    )
    assert said["SimPO"] == (
        "SimPO against DPO: -11.53 [-14.7, -8.3], p <0.0001: holds among all 6 (p Holm 0.00021) with five seeds; 80 % "
        "power begins at 4.45, 6.22 corrected."
    )
    assert said["base"] == "base against DPO: -18.6 [n/a]: base has one seed."
    assert sight(rows[-1]) == ""


def test_the_answer_counts_every_row_and_says_what_could_have_been_seen():
    first, second, third = answer(family(base(), **VARIANTS))
    assert first == (
        "Of 6 differences to DPO, 1 holds after Holm at 0.05 (below: SimPO); 1 more only by a test of its own (above: "
        "ORPO); 3 are not settled; 1 has no interval, since a spread over seeds is unknown."
    )
    assert second.startswith("In the row of median spread (CPO, five seeds), 80 % power begins at a true difference of")
    assert "corrected over the 6" in second and third.startswith("A difference that does not hold may be real")


def test_without_any_spread_the_answer_says_so_and_no_more():
    assert answer(read_together([base()])) == [
        "Of 1 difference to DPO, 0 hold after Holm at 0.05; 1 has no interval, since a spread over seeds is unknown."
    ]


def test_one_difference_needs_no_correction():
    (row,) = family(SimPO=VARIANTS["SimPO"])
    assert len(answer([row])) == 2, "nothing is undecided"
    assert "holds with five seeds" in sentence(row) and "corrected" not in sentence(row) + answer([row])[1]


def test_metrics_have_units_of_their_own_and_a_line_each():
    kl = Contrast(
        candidate="ORPO",
        baseline="DPO",
        metric="kl",
        seeds=(3, 5),
        interval=independent(Runs(1, 0.1, 3), Runs(2, 1, 5)),
    )
    rows = family(kl, **VARIANTS)
    lines = answer(rows)
    assert len(lines) == 4 and "ORPO kl, 3 and 5 seeds" in lines[2] and "(CPO, five" in lines[1]
    assert [row["metric"] for row in records(rows)] == ["", "", "", "", "", "kl"]


def test_the_table_has_every_number_or_says_that_there_is_none():
    rows = records(family(base(), **VARIANTS))
    assert rows[0]["difference [95%]"] == "+4.13 [+1.3, +6.9]"
    assert rows[0]["80 % power from"] == "3.79" and float(rows[0]["MDD"]) > 5
    assert set(rows[-1].values()) == {"base", "-18.6 [n/a]", "n/a"}


def test_a_tidy_row_has_everything():
    (row,) = family(SimPO=VARIANTS["SimPO"])
    values = tidy(row)
    assert values["standing"] == "holds" and values["seeds"] == values["baseline_seeds"] == 5
    assert values["difference"] == pytest.approx(-11.53) and values["low"] < values["difference"] < values["high"]
    assert values["power_80"] < values["minimum_detectable_difference"] and values["power_at_difference"] > 0.99
    assert values["sentence"] == sentence(row)


@pytest.mark.parametrize(
    ("seeds", "words"),
    [((1, 1), "one seed"), ((3, 3), "three seeds"), ((12, 12), "12 seeds"), ((3, 5), "3 and 5 seeds")],
)
def test_seeds_are_counted_in_words(seeds, words):
    assert seeds_in_words(seeds) == words
