"""`bench compare` of a method on pairs, in rounds and online: what is refused, marked, and shown of each round."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, WIDE, Ended, bench, finish, generate_section

JUDGED = "judge:\n  name: gold\n  against: [chosen]\n"
DRAW = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 6"
ROUNDS = f"""rounds:
  count: 2
  prompts: {{split: train, per_round: 24}}
  sampler: {{name: policy, num_samples: 3, {DRAW}}}
  oracle: {{name: gold}}
  selector: {{name: best_worst, options: {{ties: keep, cut: keep}}}}
  evaluate: each
"""
ONLINE = f"online: {{sampler: {{name: policy, num_samples: 2, {DRAW}}}, oracle: {{name: gold}}}}\n"
RECIPES = {
    "pairs": "method: {name: dpo}\npreference: {max_steps: 6}\n",
    "rounds": f"method: {{name: dpo, variant: iterative}}\npreference: {{max_steps: 3}}\n{ROUNDS}",
    "online": f"method: {{name: rloo}}\npreference: {{max_steps: 6}}\n{ONLINE}",
    "longer": f"method: {{name: dpo, variant: longer}}\npreference: {{max_steps: 6}}\n{ROUNDS}",
}
LABELS = {"pairs": "dpo", "rounds": "dpo@iterative", "online": "rloo"}
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A setting and recipes, with finished stages of those that are comparable."""
    folder = tmp_path_factory.mktemp("rounds")
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=6, tokens=6) + JUDGED
    (folder / "micro.yaml").write_text(text, encoding="utf-8")
    for name, values in RECIPES.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\nsetting: micro\n{values}", encoding="utf-8")
    targets = [folder / f"{name}.yaml" for name in LABELS]
    status = finish(targets, runs=folder / "runs", setting=folder / "micro.yaml", seeds=SEEDS)
    assert set(status.values()) == {"done"}
    return folder


def compare(folder: Path, *names: str, more: tuple[object, ...] = ()) -> Ended:
    places = ["--setting", folder / "micro.yaml", "--runs", folder / "runs", "--results", folder / "results"]
    return bench("compare", *(folder / f"{name}.yaml" for name in names), "--seeds", *SEEDS, *places, *more)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


def test_rows_that_draw_stand_beside_pairs_with_what_each_took(folder: Path):
    ended = compare(folder, *LABELS, more=("--match", "labels", "--match", "updates"))
    assert ended.code == 0, ended.err
    assert "not matched: labels 144 scored v 48 pairs" in ended.text
    assert "not matched: labels 96 scored v 48 pairs" in ended.text
    assert "not matched: responses 96 v 144" in ended.text and "not matched: updates" not in ended.text
    document = compare(folder, *LABELS, more=("--match", "labels", "--match", "updates", "--json")).json
    ledger = {(row["label"], row["seed"]): row for row in document["ledger"]}
    assert set(ledger) == {(label, seed) for label in LABELS.values() for seed in SEEDS}
    for seed in SEEDS:
        pairs, rounds, online = (ledger[label, seed] for label in LABELS.values())
        assert (pairs["source"], rounds["source"], online["source"]) == ("split", "rounds", "online")
        assert [row["updates"] for row in (pairs, rounds, online)] == [48, 48, 48]
        assert [row["responses"] for row in (pairs, rounds, online)] == [0, 144, 96]
        assert [row["labels_human"] for row in (pairs, rounds, online)] == [48, 0, 0]
        assert rounds["labels_oracle"] == {"gold": {"gives": "scores", "number": 144}}
        assert rounds["prompts"] <= 48 and rounds["generated_tokens"] > 0 and online["generated_tokens"] > 0
        assert all(rounds["seconds"][part] > 0 for part in ("draw", "label", "train"))
        assert all(row["kl"] is not None for row in (pairs, rounds, online))


def test_every_round_has_a_row_and_a_point_of_its_curve(folder: Path):
    document = compare(folder, *LABELS, more=("--json",)).json
    rounds = document["rounds"]
    assert [(row["label"], row["round"], row["seed"]) for row in rounds] == [
        ("dpo@iterative", number, seed) for number in (1, 2) for seed in SEEDS
    ]
    assert all(row["rows"] == 24 and row["groups"] == 24 and row["generated_tokens"] > 0 for row in rounds)
    assert all(0 <= row["win_over_start"] <= 1 and row["oracle_score"] is not None for row in rounds)
    assert rounds[0]["win_over_baseline"] is None
    points = {(row["curve"], row["point"]) for row in document["frontier"]}
    assert points == {
        ("sft", "sft"),
        ("dpo", "dpo"),
        ("dpo@iterative", "dpo@iterative round 1"),
        ("dpo@iterative", "dpo@iterative round 2"),
        ("rloo", "rloo"),
    }
    win = next(row for row in document["frontier"] if row["point"].endswith("2") and row["quantity"] == "win_rate")
    assert win["value"] == pytest.approx(rounds[2]["win_over_start"])
    ended = compare(folder, *LABELS)
    assert "rounds: what each drew and kept" in ended.text and "24 of 24" in ended.text
    assert "win rate against sft" in ended.text


def test_rows_that_draw_are_refused_at_other_updates_and_marked_where_that_is_allowed(folder: Path):
    ended = compare(folder, "pairs", "longer", more=("--dry-run",))
    assert ended.code == 2
    assert "not comparable with dpo, since rows that draw" in ended.err
    assert "dpo@longer: 12 updates of 8 examples, not 6 updates of 8 examples" in ended.err
    allowed = compare(folder, "pairs", "longer", more=("--dry-run", "--allow-different"))
    assert allowed.code == 0 and "planned of each row" in allowed.text and "144 scored by gold" in allowed.text
    plan = compare(folder, "pairs", "longer", more=("--dry-run", "--allow-different", "--json")).json
    assert {row["label"]: row["responses"] for row in plan["ledger"]} == {"dpo": 0, "dpo@longer": 144}
