"""Labels of a row whose draws are shaped by a policy that another recipe trains."""

from __future__ import annotations

from pathlib import Path

from harness import MICRO, bench

DRAW = "num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 6"


def test_pairs_that_the_guide_is_trained_on_are_labels_of_the_row_that_it_shapes(tmp_path: Path):
    """The guide is trained for 3 steps of 8 of the 48 pairs; the toy world's gold reward is no person's."""
    text = "name: guided\nsetting: micro\nmethod: {name: ppo, hyper: {kl_weight: 0.0}}\n"
    text += (
        f"online: {{sampler: {{name: policy, {DRAW}}}, oracle: {{name: gold}}, shaping: {{name: rto, guide: dpo}}}}\n"
    )
    path = tmp_path / "guided.yaml"
    path.write_text(text, encoding="utf-8")
    line = ("--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run", "--json", "--pairs-only")
    (row,) = bench("compare", path, *line).json["ledger"]
    assert row["labels_human"] == 24 and row["labels_oracle"] == {"gold": {"gives": "scores", "number": 48}}
