"""rm_probe: a planted dimension is found, another is not, shuffled labels are at chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchbench.analyses.rm_probe import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream


def states(n: int = 160, *, split: bool = False) -> list[dict[str, Any]]:
    """States of 8 numbers; `planted` is the sign of one of them with noise, `absent` a coin."""
    rng = stream(0, "states")
    values = rng.normal(size=(n, 8))
    labels = {"planted": values[:, 3] + 0.3 * rng.normal(size=n) > 0, "absent": rng.random(n) < 0.5}
    return [
        {"dimension": name, "label": int(label), "state": state.tolist()}
        | ({"split": "train" if k < n / 2 else "test"} if split else {})
        for name, column in labels.items()
        for k, (label, state) in enumerate(zip(column, values, strict=True))
    ]


def lines(rows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Dimension -> line."""
    return {row["dimension"]: row for row in analyse({"states": rows}, Options(**options)).tables[0].rows}


def test_a_planted_dimension_is_found_and_shuffled_labels_are_at_chance():
    found = lines(states(), shuffles=10)
    assert found["planted"]["accuracy"] > 0.85 and found["planted"]["p"] == pytest.approx(1 / 11)
    assert abs(found["absent"]["accuracy"] - 0.5) < 4 * found["absent"]["se"] and found["absent"]["p"] > 0.1
    for name in ("planted", "absent"):
        assert abs(found[name]["shuffled"] - 0.5) < 4 * found[name]["se"] / math.sqrt(10) + 0.02
    assert found["mean"]["accuracy"] == pytest.approx((found["planted"]["accuracy"] + found["absent"]["accuracy"]) / 2)


def test_the_accuracy_on_a_split_is_that_of_scikit_learn():
    rows = states(split=True)
    for name, line in lines(rows, shuffles=1).items():
        part = {s: [r for r in rows if r["dimension"] == name and r["split"] == s] for s in ("train", "test")}
        if name == "mean":
            continue
        scaler = StandardScaler().fit([r["state"] for r in part["train"]])
        x, y = ({s: [r[key] for r in part[s]] for s in part} for key in ("state", "label"))
        theirs = LogisticRegression(tol=1e-8, max_iter=1000).fit(scaler.transform(x["train"]), y["train"])
        assert line["accuracy"] == pytest.approx(theirs.score(scaler.transform(x["test"]), y["test"]))
        assert line["commonest"] == max(np.mean(y["test"]), 1 - np.mean(y["test"])) and line["tested"] == 80


def test_the_same_seed_gives_the_same_folds_and_another_does_not():
    rows = [row for row in states(30) if row["dimension"] == "planted"]
    assert lines(rows, shuffles=2) == lines(rows, shuffles=2)
    assert lines(rows, shuffles=2)["planted"]["shuffled"] != lines(rows, shuffles=2, seed=1)["planted"]["shuffled"]


def test_responses_to_one_prompt_are_in_one_fold():
    """Each prompt has a state of its own and one label: a fold that had seen it would know the label."""
    rows = [
        {"dimension": "d", "label": k % 2, "prompt": f"p{k}", "state": [float(k == place) for place in range(20)]}
        for k in range(20)
        for _ in range(2)
    ]
    assert lines(rows, shuffles=1)["d"]["accuracy"] <= 0.5
    alone = [{name: value for name, value in row.items() if name != "prompt"} for row in rows]
    assert lines(alone, shuffles=1)["d"]["accuracy"] > 0.7
    with pytest.raises(BenchError, match="a prompt or more for each of 5 folds"):
        lines(rows[:4])


def test_a_label_that_no_fold_can_learn_is_just_wrong():
    rows = [{"dimension": "d", "label": "rare" if k == 0 else "common", "state": [float(k)]} for k in range(10)]
    assert lines(rows, shuffles=1)["d"]["accuracy"] == 0.9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": [1.0]}, "expected vectors of one length"),
        ({"split": "dev"}, "expected the splits train and test, found None, dev"),
    ],
)
def test_rows_that_are_not_what_is_read_are_refused(change: dict[str, Any], said: str):
    rows = states(10)
    rows[0] |= change
    with pytest.raises(BenchError, match=said):
        lines(rows)


def test_a_dimension_of_one_label_is_refused():
    with pytest.raises(BenchError, match="expected two labels or more, found '1' alone"):
        lines([{"dimension": "d", "label": 1, "state": [float(k)]} for k in range(5)])
