"""Further anchors as an input: which the recipe must name, which stages score them, and what a batch has of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from tests.training.toys import batches, examples

from .stages_of_a_cell import Roles, recipe

EXHIBIT, NEED = inputs.get("anchors"), Need.ANCHORS.with_options(names="guide,judge")
ANY = Need.ANCHORS.with_options(names="any")
EXPECTED = "expected {recipe: dpo}, {policy: base} or {model_name_or_path: FOLDER}"


@pytest.mark.parametrize(
    ("need", "named", "faults"),
    [
        (NEED, "guide judge", []),
        (NEED, "guide", [f"preference.anchors.judge: required by 'dpo', not given; {EXPECTED}"]),
        (
            NEED,
            "guide judge jury",
            ["preference.anchors.jury: 'dpo' does not read it, it reads guide, judge"],
        ),
        (ANY, "whatever", []),
        (
            ANY,
            "",
            [
                "preference.anchors: 'dpo' reads further policies, found none; name each: "
                + EXPECTED.removeprefix("expected ")
            ],
        ),
    ],
)
def test_the_recipe_names_what_the_method_reads(need: Need, named: str, faults: list[str]):
    anchors = dict.fromkeys(named.split())
    found = EXHIBIT.faults(recipe(anchors=anchors), methods.get("dpo"), need)
    assert [str(fault) for fault in found] == faults


def test_each_anchor_is_a_stage_of_its_own():
    roles = Roles(anchors={"guide": "dpo", "judge": "base"})
    assert EXHIBIT.plan(roles, NEED) == {
        "anchors.guide": "score of guide, dpo",
        "anchors.judge": "score of judge, base",
    }


def test_its_rows_come_back_by_name_in_order_of_the_candidates(tmp_path: Path):
    """A further anchor may be called policy; the weights of a reference in memory, `anchor_policy`, are none."""
    rows = pd.DataFrame({"example": ["a", "a"], "candidate": [1, 0], "token_logps": [[-2.0, -3.0], [-1.0]]})
    rows.to_parquet(tmp_path / "rows.parquet")
    spec = SimpleNamespace(inputs={"anchors.policy": "score/1", "anchor_policy": "sft/1", "reference": "score/2"})
    context = SimpleNamespace(spec=spec, input=lambda name: tmp_path)
    loaded = EXHIBIT.load(context, NEED)
    assert {name: {k: [list(row) for row in v] for k, v in of.items()} for name, of in loaded.items()} == {
        "policy": {"a": [[-1.0], [-2.0, -3.0]]}
    }


def test_a_batch_has_each_anchors_numbers_where_it_has_response_tokens():
    given = examples(3)
    batch = batches(methods.get("dpo"))(given)
    values = {e.id: [[-1.0 - k] * (c.response[1] - c.response[0]) for k, c in enumerate(e.candidates)] for e in given}
    found = EXHIBIT.tensor({"guide": values, "judge": values}, Pass(batch, None, None, torch.float64))
    assert set(found) == {"guide", "judge"}
    guide = found["guide"]
    assert torch.equal(guide.response, batch.response) and guide.token.dtype == torch.float64
    assert torch.equal(guide.token[:, 0], -1.0 * batch.response[:, 0]) and (guide.mean()[:, 1] == -2).all()


def test_numbers_of_other_tokens_are_refused():
    given = examples(1)
    batch = batches(methods.get("dpo"))(given)
    with pytest.raises(ValueError, match="cached values"):
        EXHIBIT.tensor({"guide": {given[0].id: [[], []]}}, Pass(batch, None, None, torch.float64))
