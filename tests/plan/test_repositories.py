"""What of the hub a recipe reads, so that it can be verified before anything is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchbench.commands.resolve import resolve
from benchbench.core.repository import Repository
from benchbench.data.hub_cache import AGAIN
from benchbench.plan.repositories import cached_revisions
from benchbench.recipe.overrides import parse_overrides

COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"
JUDGE = {"model_name_or_path": "someone/rm", "revision": COMMIT, "max_length": 64}
ANCHOR = {"model_name_or_path": "someone/base", "revision": COMMIT}
ORACLE = {"name": "judge", "options": {"judge": "reward_model", "options": JUDGE}}


@pytest.mark.parametrize(
    ("recipe", "override", "name"),
    [
        ("dpo", f"judge={json.dumps({'name': 'reward_model', 'options': JUDGE})}", "someone/rm"),
        ("dpo@iterative", f"rounds.oracle={json.dumps(ORACLE)}", "someone/rm"),
        ("tgdpo", f"preference.anchors={json.dumps({'guide': ANCHOR})}", "someone/base"),
    ],
    ids=["judge", "oracle", "anchor"],
)
def test_models_beside_the_recipes_own_are_listed(recipe: str, override: str, name: str):
    loaded = resolve(recipe, setting=None, overrides=parse_overrides([override]))
    (revision,) = [each for each in cached_revisions(loaded) if each.repository.kind == "model"]
    assert revision.repository == Repository("model", name, COMMIT) and revision.mend == AGAIN
    assert cached_revisions(loaded, texts_only=True) == []


def test_a_local_classifier_is_no_revision(tmp_path: Path):
    (tmp_path / "rm").mkdir()
    local = json.dumps({"name": "reward_model", "options": {**JUDGE, "model_name_or_path": str(tmp_path / "rm")}})
    assert cached_revisions(resolve("dpo", setting=None, overrides=parse_overrides([f"judge={local}"]))) == []
