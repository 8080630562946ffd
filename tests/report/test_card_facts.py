"""What follows from the facts of a card: its kind, what it was trained with, and what is on the hub."""

from __future__ import annotations

from dataclasses import replace

from tests.report.test_model_card import FACTS, RECIPE


def test_a_method_is_named_without_the_content_of_its_file():
    assert (FACTS.kind, FACTS.trained_with) == ("preference", "dpo")
    assert replace(FACTS, settings={"objective": {"name": "drm"}}).trained_with == "drm"
    assert replace(FACTS, settings={}).trained_with == "preference"


def test_what_has_no_revision_or_another_source_is_not_on_the_hub():
    assert (RECIPE.hub_base, RECIPE.hub_dataset) == ("org/base", "org/pairs")
    elsewhere = replace(RECIPE, base_revision="", source="local_files")
    assert (elsewhere.hub_base, elsewhere.hub_dataset) == ("", "")
