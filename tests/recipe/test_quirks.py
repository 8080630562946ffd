"""The quirks of the published protocol: on in its recipes, off in the matched ones, and no part of an identity."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.recipe import library
from benchbench.recipe.values import get

from .toys import HEAD, load, write

PUBLISHED = {name: load(library.shipped_root() / f"{name}_pythia410m.yaml") for name in ("dpo", "ddo_rm")}
MATCHED = [load(path) for path in sorted(library.shipped_root().glob("*_pythia410m_matched*.yaml"))]
QUIRKS = PUBLISHED["dpo"].recipe.quirks
SPEC = {
    "reward_model.score_append_eos": (False, True),
    "reward_model.score_truncation": ("right", "left"),
    "reward_model.head_dtype": ("bfloat16", "float32"),
    "method.hyper.target_grad": (True, False),
    "tokenization.overlong_mask": ("untruncated_prompt", "exact"),
    "seeds.scope": ("init_only", "all"),
    "sft.own_per_method": (True, False),
    "score.dtype": ("bfloat16", "float32"),
    "score.max_length": (768, 1024),
    "score.tie_credit": (0.0, 0.5),
    "preference.on_empty_response": ("keep_constant", "drop"),
}
"""Field -> published and good value, from the table of ../shared/spec/ddo_rm.md; those that differ by method below."""
BY_METHOD = {
    "preference.disable_dropout": ({"dpo": True, "ddo_rm": False}, (True,)),
    "preference.learning_rate": ({"dpo": 5e-7, "ddo_rm": 2e-6}, (2e-6, 5e-7)),
    "preference.truncation": ({"dpo": "right", "ddo_rm": "left"}, ("left", "right")),
}
FOUND = {
    "sft.on_empty_response",
    *(f"{section}.gradient_divisor" for section in ("sft", "reward_model", "preference")),
}
"""Found with the published versions themselves, see tests/conformance/test_published.py."""


def test_the_table_has_every_row_of_the_protocol():
    assert {quirk.field for quirk in QUIRKS} == SPEC.keys() | BY_METHOD.keys() | FOUND
    for quirk in QUIRKS:
        if quirk.field in FOUND:
            continue
        if quirk.field in BY_METHOD:
            assert (quirk.published, quirk.good) == BY_METHOD[quirk.field]
        else:
            published, good = SPEC[quirk.field]
            assert quirk.good == (good,)
            assert published in (quirk.published, quirk.published_for("ddo_rm"))


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.field)
@pytest.mark.parametrize("method", ["dpo", "ddo_rm"])
def test_the_published_recipes_have_the_quirk(quirk, method):
    if quirk.concerns(method):
        assert get(PUBLISHED[method].values(), quirk.field) == quirk.published_for(method)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.field)
@pytest.mark.parametrize("loaded", MATCHED, ids=lambda loaded: loaded.recipe.name)
def test_no_matched_recipe_has_the_quirk(quirk, loaded):
    if quirk.concerns(loaded.recipe.method.name):
        assert get(loaded.values(), quirk.field) in quirk.good


@pytest.mark.parametrize("field", ["preference.disable_dropout", "preference.truncation"])
def test_the_matched_recipes_agree_where_any_value_is_good(field):
    assert len({get(loaded.values(), field) for loaded in MATCHED}) == 1


def test_both_methods_have_both_published_learning_rates_in_the_matched_setting():
    rates = {(m.recipe.method.name, get(m.values(), "preference.learning_rate")) for m in MATCHED}
    assert rates >= {(method, rate) for method in ("dpo", "ddo_rm") for rate in (5e-7, 2e-6)}
    assert {m.recipe.method.name for m in MATCHED} >= {"sft", "simpo"}
    assert all(m.recipe.claims == () for m in MATCHED)


def test_quirks_and_conditions_are_no_part_of_a_recipes_identity(tmp_path):
    plain = load(write(tmp_path, HEAD))
    told = load(
        write(
            tmp_path,
            HEAD + "quirks:\n  - {field: score.dtype, published: float32, good: [bfloat16], effect: rounds}\n"
            "reported_on: {score.dtype: float32}\n",
            "told.yaml",
        )
    )
    assert (told.recipe_hash, told.comparability_hash) == (plain.recipe_hash, plain.comparability_hash)
    assert told.setting_overrides == ()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("quirks: [{field: score.dtpye, published: a, good: [b], effect: c}]", "quirks.0.field: expected a key"),
        ("quirks: [{field: score.dtype, published: a, good: [a], effect: c}]", "other values than the published"),
        ("quirks: [{field: score.dtype, published: a, good: [], effect: c}]", "at least 1 item"),
        ("quirks: [{field: score.dtype, published: {dppo: a}, good: [b], effect: c}]", "quirks.0.published.*dpo"),
        ("quirks: [{field: score.dtype, published: {}, good: [b], effect: c}]", "at least one method"),
        ("reported_on: {modl.dtype: a}", "reported_on.modl.dtype: expected a key of the recipe"),
    ],
)
def test_an_annotation_about_nothing_is_refused(tmp_path, lines, told):
    with pytest.raises(BenchError, match=told):
        load(write(tmp_path, HEAD + lines + "\n"))


def test_a_truth_value_is_not_a_number():
    quirk = QUIRKS[0]
    assert quirk.state("dpo", False) == "published"
    assert quirk.state("dpo", 0) == "neither"
    assert quirk.state("dpo", True) == "good"
