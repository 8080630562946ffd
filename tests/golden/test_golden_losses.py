"""Losses and gradients against values calculated independently, in float64.

Each case of `losses/<method>.json` names its source. `translations/<method>.py` says how its words become ours, and
which cases are left out, with the reason. Gradients are those of the step's loss with respect to the policy's summed
log-probabilities, or to what the translation takes instead.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over, terms_of

from .extract import LOSSES, extract
from .inputs import leaf_and_scores
from .translation import hyper_of, translation

CASES = {
    (path.stem, case["id"]): case
    for path in sorted(LOSSES.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
}
TRANSLATIONS = {path.stem: translation(path.stem) for path in LOSSES.glob("*.json")}
RUN = [(method, case) for (method, name), case in CASES.items() if name not in TRANSLATIONS[method].left_out]


def of_step(terms, policy):
    """Each term's sum over its own count in the step."""
    counts = {
        Over.EXAMPLES: policy.token.shape[0],
        Over.RESPONSE_TOKENS: policy.response.sum(),
        Over.CHOSEN_TOKENS: policy.response[:, 0].sum(),
    }
    return torch.stack([term.values.sum() / counts[term.over] for term in terms.values()]).sum()


def expected_gradient(grad, leaf):
    """The case's gradient in the shape of the leaf."""
    if "value" in grad:
        return torch.tensor(grad["value"], dtype=torch.float64).reshape(leaf.shape)
    return torch.tensor([grad["chosen"], grad["rejected"]], dtype=torch.float64).T


@pytest.mark.parametrize(("method", "case"), RUN, ids=[f"{method}:{case['id']}" for method, case in RUN])
def test_loss_and_gradient_agree_with_the_independent_calculation(method, case):
    read = TRANSLATIONS[method]
    leaf, scores = leaf_and_scores(case, read)
    exhibit = methods.get(method)
    hyper = exhibit.hyper(**hyper_of(case, read))
    terms = dict(terms_of(exhibit.loss(scores, hyper)))
    if read.terms is not None:
        terms = {name: terms[name] for name in read.terms(case) or terms}
    total, tolerance = of_step(terms, scores.policy), case["tolerance"]
    assert total.item() == pytest.approx(case["value"], rel=tolerance["rel"], abs=tolerance["abs"])

    if "per_example" in case:
        values = torch.stack([term.values for term in terms.values()]).sum(dim=0)
        found = (values if read.per_example is None else read.per_example(values, scores, hyper)).tolist()
        assert found == pytest.approx(case["per_example"], rel=tolerance["rel"], abs=tolerance["abs"])
    if "grad" in case:
        (slope,) = torch.autograd.grad(total, leaf)
        expected = expected_gradient(case["grad"], leaf)
        torch.testing.assert_close(slope, expected, rtol=case["grad"]["tolerance_rel"], atol=1e-12)


def test_every_case_left_out_exists_and_has_a_reason():
    for method, read in TRANSLATIONS.items():
        assert all((method, case) in CASES and len(reason) > 20 for case, reason in read.left_out.items())


def test_every_translation_is_of_a_method_with_cases():
    files = {path.stem for path in (Path(__file__).parent / "translations").glob("*.py")} - {"__init__"}
    assert files <= TRANSLATIONS.keys()


def test_every_case_names_its_source_and_most_methods_have_a_gradient():
    assert all(case["source"] for case in CASES.values())
    with_gradient = {method for (method, _), case in CASES.items() if "grad" in case}
    assert len(with_gradient) > 0.6 * len(TRANSLATIONS)


WITHOUT_GOLDEN_VALUES = {"sft"}
"""A loss that tests/conformance runs beside TRL's."""


@pytest.mark.parametrize("name", [name for name in methods.names() if name not in WITHOUT_GOLDEN_VALUES])
def test_a_preference_method_has_golden_values_or_an_open_question(name):
    """A form that nobody else has calculated must say that it is unverified."""
    assert (LOSSES / f"{name}.json").exists() or methods.get(name).open_question


def test_cases_are_copied_from_several_collections_under_the_names_they_have_there(tmp_path):
    first, second = tmp_path / "golden.json", tmp_path / "golden_more.json"
    first.write_text(json.dumps([{"id": "a", "method": "dpo"}, {"id": "b", "method": "unknown"}]))
    second.write_text(json.dumps([{"id": "c", "method": "dpo", "source": "x", "evidence": "y"}]))
    assert extract([first, second], into=tmp_path) == {"dpo": 2}
    assert [case["id"] for case in json.loads((tmp_path / "dpo.json").read_text())] == ["a", "c"]


def test_a_case_that_two_collections_have_is_refused(tmp_path):
    (tmp_path / "golden.json").write_text(json.dumps([{"id": "a", "method": "dpo"}]))
    with pytest.raises(ValueError, match="two cases have id 'a'"):
        extract([tmp_path / "golden.json", tmp_path / "golden.json"], into=tmp_path)
