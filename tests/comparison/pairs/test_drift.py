"""Drift of log-probabilities: by hand, and seeds or rows that do not fit refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.pairs.drift import by_seed_and_prompt, drift_frame, log_quarters, pair_drifts, role_drifts


def rows(seeds: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    """Two prompts, one of them with two examples; chosen, rejected and one more response each."""
    return pd.DataFrame(
        {"method": "dpo", "seed": seed, "example": example, "prompt": prompt, "candidate": candidate}
        | {"logp_sum": -10.0 + change * seed, "ref_logp_sum": -10.0}
        for seed in seeds
        for example, prompt, changes in (("a", "p", (1, -3, 0.5)), ("b", "p", (-1, -1, 0.5)), ("c", "q", (-2, -5, 2)))
        for candidate, change in enumerate(changes)
    )


def test_roles_follow_from_places_and_drift_is_the_change():
    frame = drift_frame(rows())
    assert frame["role"].tolist()[:3] == ["chosen", "rejected", "unseen"]
    assert frame["drift"].tolist()[:3] == [1.0, -3.0, 0.5]
    assert (frame["step"] == 0).all()


def test_means_are_over_prompts_by_hand():
    """Chosen: prompt p (1 - 1) / 2 = 0, q -2, so -1 at seed 1 and twice that at seed 2: -1.5; 4 of 6 responses fell."""
    found = {role: (mean.mean, fell) for role, mean, fell in role_drifts(drift_frame(rows()))}
    assert found["chosen"] == (pytest.approx(-1.5), pytest.approx(4 / 6))
    assert found["rejected"] == (pytest.approx((-2 - 5) / 2 * 1.5), 1.0)
    assert found["unseen"] == (pytest.approx((0.5 + 2) / 2 * 1.5), 0.0)


def test_pairs_drop_and_fall_by_hand():
    pairs = pair_drifts(drift_frame(rows((1,)))).set_index("example")
    assert pairs["drop"].to_dict() == {"a": 4, "b": 0, "c": 3}
    assert pairs["both_fall"].to_dict() == {"a": 0, "b": 1, "c": 1}
    assert by_seed_and_prompt(pairs.reset_index(), "both_fall").tolist() == [[0.5, 1.0]]


def test_a_role_of_the_rows_goes_before_the_place():
    frame = drift_frame(rows((1,)).assign(role=["unseen", None, None] * 3))
    assert frame["role"].tolist() == ["unseen", "rejected", "unseen"] * 3
    with pytest.raises(ValueError, match="found gold"):
        drift_frame(rows().assign(role="gold"))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="found one twice: method dpo, step 0.0, seed 1, example a, candidate 0"):
        drift_frame(pd.concat([rows(), rows().head(1)], ignore_index=True))
    with pytest.raises(ValueError, match="found fewer of seed 2"):
        list(role_drifts(drift_frame(rows().iloc[:-3])))


def test_where_training_began_may_be_a_file_of_its_own():
    """Rows of a score stage know neither method nor seed."""
    own = rows((1,))[["example", "candidate", "logp_sum"]]
    start = own.assign(logp_sum=-10.0)
    frame = drift_frame(own, start)
    assert frame["drift"].tolist() == drift_frame(rows((1,)))["drift"].tolist()
    assert set(frame["method"]) == {"policy"} and set(frame["seed"]) == {0}
    for faulty, said in (
        (None, "give start=FILE"),
        (start.iloc[1:], "found none of 1"),
        (pd.concat([start] * 2), "one twice"),
    ):
        with pytest.raises(ValueError, match=said):
            drift_frame(own, faulty)


def test_quarters_of_a_log():
    found = log_quarters(np.arange(1, 9), {"chosen": np.arange(8.0)})
    assert found[0] == {"steps": "1 to 2", "chosen": 0.5} and found[3] == {"steps": "7 to 8", "chosen": 6.5}
    assert len(log_quarters(np.arange(2), {})) == 2
