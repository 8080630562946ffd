"""property_weights: planted weights found, as scikit-learn has them; real people of PandaLM."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np
import pytest
from harness import SHARED_DATA
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from benchbench.analyses._surface import surface, words_of
from benchbench.analyses.property_weights import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream

WEIGHTS = {"clear": 1.5, "long": 0.7, "rude": -2.0}


def planted(n: int = 600) -> list[dict[str, Any]]:
    """Rows by planted weights, four to a prompt, properties in different units."""
    rng, units = stream(0, "planted"), {"clear": 1.0, "long": 100.0, "rude": 0.01}
    rows = []
    for k in range(n):
        a, b = ({name: float(rng.normal() * unit) for name, unit in units.items()} for _ in range(2))
        margin = sum(weight * (a[name] - b[name]) / units[name] for name, weight in WEIGHTS.items())
        p_a = float(rng.binomial(3, expit(margin)) / 3)
        rows.append({"p_a": p_a, "properties_a": a, "properties_b": b, "prompt": f"p{k // 4}"})
    return rows


def weights(rows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Property -> line, of all rows."""
    table = analyse({"comparisons": rows}, Options(**options)).tables[1]
    return {row["property"]: row for row in table.rows if row["group"] == "all"}


def scikit_learn(design: np.ndarray, share: list[float]) -> np.ndarray:
    """Weights without penalty or intercept; a share is both outcomes, weighted."""
    scale = design.std(axis=0)
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=5000)
    weight = np.concatenate([share, 1 - np.array(share)])
    fit.fit(np.vstack([design, design]) / scale, np.repeat([1, 0], len(design)), sample_weight=weight)
    return fit.coef_[0] / scale


def test_planted_weights_are_found_as_statsmodels_has_them():
    rows = planted()
    found = weights(rows)
    design = np.array([[r["properties_a"][k] - r["properties_b"][k] for k in WEIGHTS] for r in rows])
    theirs = scikit_learn(design, [r["p_a"] for r in rows])
    assert [found[name]["weight"] for name in WEIGHTS] == pytest.approx(theirs, rel=1e-4)
    assert abs(found["clear"]["weight"] - 1.5) < 3 * found["clear"]["se"]
    assert list(found) == ["rude", "clear", "long"]  # by the size of what a standard deviation does


def test_swapping_the_sides_changes_nothing():
    rows = planted(100)
    swapped = [
        {
            "p_a": 1 - r["p_a"],
            "properties_a": r["properties_b"],
            "properties_b": r["properties_a"],
            "prompt": r["prompt"],
        }
        for r in rows
    ]
    assert weights(swapped)["clear"]["weight"] == pytest.approx(weights(rows)["clear"]["weight"], rel=1e-8)


def test_groups_have_weights_of_their_own():
    rows = planted(200)
    judged = [{**r, "group": "people"} for r in rows] + [{**r, "p_a": 1 - r["p_a"], "group": "contrary"} for r in rows]
    table = analyse({"comparisons": judged}, Options()).tables[1].rows
    found = {(row["group"], row["property"]): row["weight"] for row in table}
    assert found["people", "clear"] == pytest.approx(-found["contrary", "clear"])
    assert found["all", "clear"] == pytest.approx(0, abs=1e-8)


def test_properties_that_never_differ_or_always_decide_are_left_out_with_a_note():
    rows = planted(100)
    for k, row in enumerate(rows):
        for side in "ab":
            row[f"properties_{side}"] |= {"same": 1.0, "decides": float(k == 0 and (side == "a") == (row["p_a"] > 0.5))}
    rows[0]["p_a"] = round(rows[0]["p_a"])
    analysed = analyse({"comparisons": rows}, Options())
    assert {row["property"] for row in analysed.tables[1].rows} == set(WEIGHTS)
    assert any(note.endswith("the same on both sides of every pair: same") for note in analysed.notes)
    assert any(note.endswith("always wins or loses: decides") for note in analysed.notes)


def test_where_nothing_is_left_to_weigh_there_are_no_weights():
    rows = [{"p_a": 1.0, "properties_a": {"same": 1.0}, "properties_b": {"same": 1.0, "more": 2.0}}]
    analysed = analyse({"comparisons": rows}, Options())
    assert list(analysed.tables[1].rows) == [] and math.isnan(analysed.tables[0].rows[0]["log loss"])
    assert "properties not looked at: more" in analysed.notes and "all: no property is left to weigh" in analysed.notes


def test_what_separates_together_has_no_weights_and_says_so():
    """Neither x nor y decides alone; the differences (2, -1), (-1, 2) and (1, 1) all have a positive sum, and won."""
    rows = [
        {"p_a": 1, "properties_a": {"x": float(x), "y": float(y)}, "properties_b": {"x": 0.0, "y": 0.0}}
        for x, y in ((2, -1), (-1, 2), (1, 1))
    ]
    analysed = analyse({"comparisons": rows}, Options())
    assert all(math.isnan(row["weight"]) for row in analysed.tables[1].rows)
    assert math.isnan(analysed.tables[0].rows[0]["log loss"]) and "all: the columns separate" in analysed.notes[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p_a": 1.5}, r"expected shares in \[0, 1\]"),
        ({"properties_a": None}, "in every row; one has neither"),
        ({"properties_a": {"clear": 1.0}}, "expected the properties clear, long, rude in every row"),
    ],
)
def test_rows_that_are_not_what_is_read_are_refused(change: dict[str, Any], said: str):
    rows = planted(20)
    rows[3] |= change
    with pytest.raises(BenchError, match=said):
        weights(rows)


def test_properties_that_say_the_same_are_refused_with_the_way_out():
    rows = planted(50)
    for row in rows:
        for side in "ab":
            row[f"properties_{side}"]["twice"] = 2 * row[f"properties_{side}"]["clear"]
    with pytest.raises(BenchError, match="--set properties=A,B"):
        weights(rows)
    assert set(weights(rows, properties="clear, rude")) == {"clear", "rude"}


def test_surface_properties_by_hand():
    """Four words of which one is repeated and two are the prompt's; 1 digit of 22 characters."""
    found = surface("- Sorry: **red** red 7?", "Red or blue")
    assert found["log words"] == pytest.approx(math.log(5))
    assert (found["repetition"], found["words of the prompt"], found["digits"]) == (0.25, 0.5, 1 / 23)
    assert (found["list"], found["markdown"], found["question"], found["apology"]) == (1, 1, 1, 1)
    assert set(surface("").values()) == {0.0}
    assert words_of([{"role": "user", "content": "Red"}, {"role": "user", "content": "blue"}]) == "Red\nblue"
    assert (words_of("Red"), words_of(None), words_of(3)) == ("Red", "", "")


@pytest.mark.shared_data
def test_people_of_pandalm_prefer_longer_answers_and_dislike_repetition():
    """708 real pairs: as scikit-learn has them, and better than a coin."""
    with gzip.open(SHARED_DATA / "comparisons" / "pandalm_human.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    analysed = analyse({"comparisons": rows}, Options())
    (fit,) = analysed.tables[0].rows
    found = {row["property"]: row for row in analysed.tables[1].rows}
    assert fit["pairs"] == 708 and fit["prompts"] == 118 and fit["log loss"] < fit["of a coin"]
    names = list(found)
    sides = [[surface(r[f"response_{s}"], words_of(r["prompt"])) for r in rows] for s in "ab"]
    design = np.array([[a[name] - b[name] for name in names] for a, b in zip(*sides, strict=True)])
    theirs = scikit_learn(design, [r["p_a"] for r in rows])
    assert [found[name]["weight"] for name in names] == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert found["log words"]["weight"] > 0 and found["log words"]["p"] < 1e-4
    assert found["repetition"]["weight"] < 0
