"""bt_style: planted strengths and what style wins, found as scikit-learn has them; citations counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from benchbench.analyses._style_counts import style_counts, style_differences
from benchbench.analyses.bt_style import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream

STRENGTH = {"plain": 0.0, "good": 0.8, "wordy": -0.4}
"""`wordy` cites a lot, and citations win."""
CITATIONS = 1.2


def planted(n: int = 1500) -> list[dict[str, Any]]:
    """Votes of two to a prompt, by planted strengths and a planted weight of citations."""
    rng, names = stream(0, "votes"), [*STRENGTH]
    rows: list[dict[str, Any]] = []
    for k in range(n):
        a, b = (names[place] for place in rng.permutation(3)[:2])
        counts = {name: float(rng.poisson(6.0 if name == "wordy" else 2.0)) for name in (a, b)}
        rows.append({"a": a, "b": b, "prompt": k // 2, "p_a": math.nan})
        rows[-1] |= {f"properties_{side}": {"citations": counts[name]} for side, name in (("a", a), ("b", b))}
    _, scaled, _ = style_differences(rows)
    for row, difference in zip(rows, scaled[:, 0], strict=True):
        logit = STRENGTH[row["a"]] - STRENGTH[row["b"]] + CITATIONS * difference
        row["p_a"] = 0.5 if rng.random() < 0.05 else float(rng.random() < expit(logit))
    return rows


def tables(rows: list[dict[str, Any]], **options: Any) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    analysed = analyse({"votes": rows}, Options(**options))
    models, style = analysed.tables
    return {row["model"]: row for row in models.rows}, {row["count"]: row for row in style.rows}, [*analysed.notes]


def test_planted_strengths_are_found_where_style_is_held_equal_and_not_where_it_is_not():
    models, style, _ = tables(planted(), baseline="plain")
    for name, strength in STRENGTH.items():
        assert abs(models[name]["with style"] - strength) <= 3 * models[name]["se with style"], name
    assert abs(style["citations"]["per sd"] - CITATIONS) < 3 * style["citations"]["se"]
    assert models["wordy"]["strength"] > 0 > models["wordy"]["with style"]
    assert [*models] == ["good", "plain", "wordy"]
    assert models["wordy"]["rank strength"] < models["wordy"]["rank with style"] == 3.0


def test_the_fit_is_that_of_scikit_learn():
    rows = planted(400)
    models, style, _ = tables(rows, baseline="plain")
    _, scaled, _ = style_differences(rows)
    signs = np.array([[float(r["a"] == name) - float(r["b"] == name) for name in ("good", "wordy")] for r in rows])
    share = np.array([row["p_a"] for row in rows])
    for design, column in ((signs, "strength"), (np.hstack([signs, scaled]), "with style")):
        fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=5000)
        weight = np.concatenate([share, 1 - share])
        fit.fit(np.vstack([design, design]), np.repeat([1, 0], len(design)), sample_weight=weight)
        assert [models[name][column] for name in ("good", "wordy")] == pytest.approx(fit.coef_[0][:2], rel=1e-4)
    assert style["citations"]["per sd"] == pytest.approx(fit.coef_[0][2], rel=1e-4)


def test_another_baseline_moves_all_strengths_alike():
    rows = planted(300)
    first, second = tables(rows, baseline="plain")[0], tables(rows, baseline="good")[0]
    for column in ("strength", "with style"):
        moved = [first[name][column] - second[name][column] for name in STRENGTH]
        assert moved == pytest.approx([first["good"][column]] * 3, abs=1e-8)


def test_counts_of_a_text():
    text = "# Head\n\n- one [1], [2, 3]\n- **two** [a](https://x.org) [b](#c)\n3. x"
    counted = style_counts(text)
    assert {name: counted[name] for name in ("citations", "headings", "bold", "list items")} == {
        "citations": 3.0,
        "headings": 1.0,
        "bold": 1.0,
        "list items": 3.0,
    }


def test_what_never_differs_is_left_out_and_named():
    votes = [("x", "y", 1.0), ("x", "y", 0.0), ("y", "x", 1.0), ("y", "x", 0.0), ("y", "x", 1.0)]
    answers = ["yes [1]", "no", "no [1] [2]", "yes", "no"]
    rows = [
        {"a": a, "b": b, "p_a": p, "response_a": text, "response_b": "two words [1]"}
        for (a, b, p), text in zip(votes, answers, strict=True)
    ]
    _, style, notes = tables(rows)
    assert list(style) == ["words", "citations"]
    assert any("left out, as many on both sides of every vote: " in note and "headings" in note for note in notes)


def test_a_model_that_won_every_vote_has_no_strength_and_a_note():
    rows = [{"a": "x", "b": "y", "p_a": 1.0, "properties_a": {"k": 1.0}, "properties_b": {"k": 1.0}}] * 3
    models, _, notes = tables(rows)
    assert all(math.isnan(models[name]["strength"]) for name in "xy")
    assert any("no finite maximum" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p_a": 1.5}, r"p_a in \[0, 1\]"),
        ({"b": "x"}, "expected two different models"),
        ({"properties_a": {"k": -1.0}}, "counts of style of 0 or more"),
        ({"properties_a": {"other": 1.0}}, "the same counts in every row"),
        ({"properties_a": None}, "expected properties_a or response_a"),
    ],
)
def test_bad_votes_are_refused(change: dict[str, Any], said: str):
    row = {"a": "x", "b": "y", "p_a": 0.5, "properties_a": {"k": 1.0}, "properties_b": {"k": 2.0}}
    with pytest.raises(BenchError, match=said):
        analyse({"votes": [row, row | change]}, Options())


def test_models_apart_and_a_baseline_without_votes_are_refused():
    row = {"p_a": 0.5, "properties_a": {"k": 1.0}, "properties_b": {"k": 2.0}}
    with pytest.raises(BenchError, match="a chain of votes connects"):
        analyse({"votes": [row | {"a": "x", "b": "y"}, row | {"a": "u", "b": "v"}]}, Options())
    with pytest.raises(BenchError, match="baseline: expected a model with votes"):
        analyse({"votes": [row | {"a": "x", "b": "y"}]}, Options(baseline="z"))
