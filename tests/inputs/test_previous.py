"""The policy that the round starts from as an input of losses."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from tests.training.toys import batches, examples

EXHIBIT, METHOD = inputs.get("previous"), methods.get("dno_prct")


class Roles:
    """Notes whose log-probabilities were asked for."""

    recipe = SimpleNamespace()
    previous_policy = "preference/of the round before"

    def anchor(self, policy: str | None) -> str:
        """The scores of the training responses under a policy."""
        return f"score under {policy}"


def test_its_stage_is_an_ordinary_score_under_that_policy():
    assert EXHIBIT.plan(Roles(), Need.PREVIOUS) == {"previous": "score under preference/of the round before"}


def test_no_recipe_contradicts_it():
    assert EXHIBIT.faults(SimpleNamespace(sft=None), METHOD, Need.PREVIOUS) == []


def test_the_tensor_has_its_numbers_at_the_response_tokens():
    rows, method = examples(3), METHOD
    batch = batches(method)(rows)
    logps = {row.id: [[-0.5] * (c.response[1] - c.response[0]) for c in row.candidates] for row in rows}
    previous = EXHIBIT.tensor(logps, Pass(batch, None, None, torch.float64))
    assert torch.equal(previous.response, batch.response)
    assert (previous.token[batch.response] == -0.5).all() and (previous.token[~batch.response] == 0).all()
