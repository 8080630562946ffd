"""What every method says of itself, for every method found in the room."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import math
import re
import typing

import pytest
import torch

from benchbench import methods
from benchbench.core.fields import field_docs
from benchbench.core.method import Need

from .toys import accepted_candidates, of_step, random_scores, with_policy_tokens


@pytest.fixture(params=methods.names())
def method(request):
    return methods.get(request.param)


def test_the_room_holds_the_methods_of_the_first_release():
    expected = ["cal_dpo", "cdpo", "ddo_rm", "dpo", "gdpo", "ipo", "orpo", "rdpo_robust", "rpo_reg", "sft", "simpo"]
    assert set(expected) <= set(methods.names())


@pytest.mark.parametrize("name", methods.names())
def test_a_method_has_the_name_of_its_file(name):
    assert methods.get(name).name == name


def test_a_paper_is_cited(method):
    paper = method.paper
    assert paper.authors and paper.title and 2000 < paper.year < 2100
    assert paper.arxiv or (paper.note and "arXiv" in paper.note), "no arXiv id and no reason"


def test_the_module_names_its_source(method):
    source = inspect.getdoc(importlib.import_module(f"benchbench.methods.{method.name}"))
    assert str(method.paper.year) in source and method.paper.authors.removesuffix(" et al.") in source
    assert method.paper.arxiv is None or method.paper.arxiv in source


def test_hyper_parameters_have_defaults_and_are_frozen(method):
    hyper = method.hyper()
    for field in dataclasses.fields(hyper):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(hyper, field.name, getattr(hyper, field.name))
    assert method.hyper.__dataclass_params__.frozen


def test_every_hyper_parameter_is_documented_below_its_field(method):
    body = ast.parse(inspect.getsource(method.hyper)).body[0].body
    fields = [node for node in body if isinstance(node, ast.AnnAssign)]
    assert [node.target.id for node in fields] == [field.name for field in dataclasses.fields(method.hyper)]
    for node in fields:
        below = body[body.index(node) + 1]
        assert isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant), f"{node.target.id}: no docstring"
        assert below.value.value.endswith("."), f"{node.target.id}: not a sentence"


def test_hyper_parameters_out_of_range_are_refused_by_name(method):
    """No number is NaN, minus one or infinite, no word is 'other'; the message says what was expected and found."""
    for field in dataclasses.fields(method.hyper):
        if isinstance(field.default, bool):
            continue
        wrong = {float: (math.nan, -1.0, math.inf), int: (-1,)}.get(type(field.default), ("other",))
        for value in wrong:
            with pytest.raises(ValueError, match=rf"^{field.name}: expected .+, got .*{value}"):
                method.hyper(**{field.name: value})


def test_every_variant_is_a_set_of_hyper_parameters(method):
    assert method.variants["default"] == {}
    for overrides in method.variants.values():
        hyper = method.hyper(**overrides)
        assert {name: getattr(hyper, name) for name in overrides} == dict(overrides)


def test_a_variant_that_changes_something_changes_the_loss_or_its_gradient(method):
    scores = random_scores(method, candidates=accepted_candidates(method)[-1])  # two candidates have few ranks
    if method.carried is not None:  # after a first step, since running numbers may start where variants agree
        scores = dataclasses.replace(scores, _carried=method.carried.advance(scores, method.hyper()))
    for variant, overrides in method.variants.items():
        if method.hyper(**overrides) == method.hyper() or method.need(Need.LIVE_REFERENCE.name) is not None:
            continue  # how a reference follows is seen over steps
        found = []
        for hyper in (method.hyper(), method.hyper(**overrides)):
            token = scores.policy.token.clone().requires_grad_()
            total = of_step(method.loss(with_policy_tokens(scores, token), hyper), scores.policy)
            found.append((total.detach(), *torch.autograd.grad(total, token)))
        assert any((a - b).abs().max() > 1e-6 for a, b in zip(*found, strict=True)), f"{variant} has no effect"


# What `bench methods show` says.

RANGE = re.compile(r">=? ?-?\d|in [\[(]|[Oo]ne of|whole number|`\w+`.*`\w+`")
SOURCE = re.compile(
    r"paper|\bcode\b|repositor|TRL|HALOs|OpenRLHF|authors|\bours\b|DPO's|SLiC's|IPO's|LiPO|report|published|README|released|source|memory"
)


def test_a_method_says_its_family_and_an_equation_that_fits_a_terminal(method):
    assert method.family is not None
    lines = method.equation.splitlines()
    assert lines and all(0 < len(line) <= 80 and line == line.rstrip() for line in lines)


def test_what_is_said_of_others_and_of_doubt_are_sentences(method):
    assert all(place and how and not how.endswith(".") for place, how in method.differs.items())
    sentences = [*method.collisions, *filter(None, (method.open_question, method.twin_of))]
    assert [text for text in sentences if not re.fullmatch(r"[\w`(].*[.?]", text, flags=re.DOTALL)] == []


def test_a_hyper_parameter_states_its_range_and_where_its_default_is_from(method):
    hints = typing.get_type_hints(method.hyper)
    for name, text in field_docs(method.hyper).items():
        is_listed = hints[name] is bool or typing.get_origin(hints[name]) is typing.Literal
        assert is_listed or RANGE.search(text), f"{name}: expected a range (> 0, in [0, 1], one of ...), got: {text}"
        assert SOURCE.search(text), f"{name}: expected where its default is from (the paper, TRL, ours), got: {text}"
