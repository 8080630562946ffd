"""One optimizer run, whatever the loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from transformers.trainer_pt_utils import get_parameter_names

from benchbench.core.errors import BenchError
from benchbench.core.method import Over, Term
from benchbench.models import load
from benchbench.training.checkpoint import trainable
from benchbench.training.gradients import denominators
from benchbench.training.loop import _Lines, train
from benchbench.training.optimizer import make_optimizer

from .toys import batches, examples, furthest, model, settings, toy, weights

LORA = {"lora_r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "dense"]}


def run(folder, name="dpo", **options):
    """Log lines and final weights."""
    made = toy(folder, name, **options)
    train(made.job)
    return [json.loads(line) for line in made.log.splitlines()], weights(made.model)


# Microbatches.


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(
    ("name", "candidates", "hyper"),
    [
        ("dpo", 2, {}),
        ("sft", 2, {}),
        ("ddo_rm", 4, {}),
        ("simpo", 2, {"sft_weight": 1.0}),
        ("orpo", 2, {}),
    ],
)
def test_the_microbatch_size_changes_nothing(tmp_path, name, candidates, hyper, size):
    """Also where it does not divide the step (8 by 3), nor the step the epoch (21 by 8)."""
    given = examples(21, candidates=candidates)
    options = {"given": given, "hyper": hyper, "global_batch_size": 8}
    expected = run(tmp_path / "whole", name, per_device_train_batch_size=8, **options)
    found = run(tmp_path / "parts", name, per_device_train_batch_size=size, **options)
    for one, other in zip(expected[0], found[0], strict=True):
        assert one.keys() == other.keys()
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-9) and one["num_tokens"] == other["num_tokens"]
        # logged beside the loss, in float32
        assert [other[key] for key in one] == pytest.approx([one[key] for key in one], rel=1e-4, abs=1e-4)
    assert furthest(expected[1], found[1]) < 1e-9


def test_the_microbatch_size_hardly_changes_float32(tmp_path):
    """Rounding of sums alone: the first three steps, before it has grown."""
    options = {"max_steps": 3, "warmup_steps": 0, "learning_rate": 1e-3}
    found = [
        run(tmp_path / str(size), policy=model(dtype=torch.float32), per_device_train_batch_size=size, **options)[0]
        for size in (1, 3, 8)
    ]
    for lines in found[1:]:
        for key in ("loss", "grad_norm"):
            assert [line[key] for line in lines] == pytest.approx([line[key] for line in found[0]], rel=1e-5)


def test_no_microbatch_is_larger_than_it_may_be(tmp_path):
    seen = []
    made = toy(tmp_path, per_device_train_batch_size=3, max_steps=2)

    def counted(part, following):
        seen.append(len(part))
        return made.job.make_batch(part, following)

    train(replace(made.job, make_batch=counted))
    assert seen == [3, 3, 2, 3, 3, 2]


@pytest.mark.parametrize("tokens", [28, 40, 70])
@pytest.mark.parametrize("packed", [True, False])
def test_the_budget_of_tokens_changes_nothing(tmp_path, tokens, packed):
    expected = run(tmp_path / "whole", policy=model(packed=packed), per_device_train_batch_size=8)
    policy, sizes = model(packed=packed), []
    policy.get_input_embeddings().register_forward_pre_hook(lambda module, inputs: sizes.append(inputs[0].numel()))
    found = run(tmp_path / "parts", policy=policy, per_device_train_batch_size=8, tokens=tokens)
    assert max(sizes) <= tokens and len(sizes) > 12
    assert furthest(expected[1], found[1]) < 1e-9
    assert [line["num_tokens"] for line in found[0]] == [line["num_tokens"] for line in expected[0]]


def test_packed_rows_train_as_padded_ones_do(tmp_path):
    packed, padded = (run(tmp_path / str(p), policy=model(packed=p)) for p in (True, False))
    assert furthest(packed[1], padded[1]) < 1e-9


class Scarce:
    """An objective that runs out of memory beyond so many examples at once."""

    sees_the_step = False

    def __init__(self, objective, most: int, error: RuntimeError) -> None:
        self.objective, self.most, self.error, self.failed = objective, most, error, 0

    def __call__(self, batch):
        terms = self.objective(batch)
        if len(batch.ids) > self.most:
            self.failed += 1
            raise self.error
        return terms


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory. Tried"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
    ids=["card", "processor"],
)
def test_out_of_memory_halves_the_budget_once_and_says_so(tmp_path, error):
    expected = run(tmp_path / "whole", per_device_train_batch_size=8)
    events = []
    made = toy(tmp_path / "scarce", per_device_train_batch_size=8, report=events.append)
    scarce = Scarce(made.job.objective, 4, error)
    job = replace(made.job, objective=scarce)
    train(job)
    assert scarce.failed == 1 and job.budget.halved and job.budget.examples == 4
    messages = [event["message"] for event in events if "message" in event]
    assert len(messages) == 1 and "step 1 ran out of memory" in messages[0] and "4 examples at once" in messages[0]
    assert furthest(expected[1], weights(made.model)) < 1e-9


def test_out_of_memory_again_ends_the_run(tmp_path):
    made = toy(tmp_path, per_device_train_batch_size=8)
    job = replace(made.job, objective=Scarce(made.job.objective, 1, torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(torch.OutOfMemoryError):
        train(job)


def test_other_errors_are_not_tried_again(tmp_path):
    made = toy(tmp_path, per_device_train_batch_size=8)
    scarce = Scarce(made.job.objective, 1, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(replace(made.job, objective=scarce))
    assert scarce.failed == 1 and not made.job.budget.halved


def test_steps_are_read_one_late_where_that_saves_waiting():
    """On a card; whatever happens, none is left unread."""
    lines = _Lines(late=True)
    assert lines.add("first") == [] and lines.add("second") == ["first"] and lines.rest() == ["second"]
    at_once = _Lines(late=False)
    assert at_once.add("first") == ["first"] and at_once.rest() == []


def test_a_gradient_divisor_acts_on_clipping_and_epsilon_alone(tmp_path):
    """Divided by 4 under a norm of 0.5: as whole gradients under a norm of 2 and an epsilon four times as large."""
    divided = run(tmp_path / "divided", gradient_divisor=4.0, max_grad_norm=0.5, adam_epsilon=1e-6, weight_decay=0.0)
    whole = run(tmp_path / "whole", max_grad_norm=2.0, adam_epsilon=4e-6, weight_decay=0.0)
    for one, other in zip(divided[0], whole[0], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
        assert 4 * one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-6)
    assert furthest(divided[1], whole[1]) < 1e-9
    plain = run(tmp_path / "plain", max_grad_norm=0.5, adam_epsilon=1e-6, weight_decay=0.0)
    assert furthest(divided[1], plain[1]) > 1e-6


def test_denominators_are_those_of_the_whole_step():
    """Three examples in pieces of two and one; chosen lengths 3, 1, 2, rejected 1, 1, 4."""
    made = [shaped(i, pair) for i, pair in enumerate([(3, 1), (1, 1), (2, 4)])]
    pieces = [batches()(made[:2]), batches()(made[2:])]
    assert denominators(pieces) == {Over.EXAMPLES: 3, Over.RESPONSE_TOKENS: 12, Over.CHOSEN_TOKENS: 6}


def shaped(number: int, lengths: tuple[int, ...]):
    """An example with responses of these lengths."""
    (made,) = examples(1, candidates=len(lengths))
    rows = [replace(made.candidates[0], tokens=(1, 2, *range(3, 3 + n)), response=(2, 2 + n)) for n in lengths]
    return replace(made, id=f"e{number}", candidates=tuple(rows))


def test_denominators_of_nothing_are_one():
    bare = replace(
        shaped(0, (1, 1)), candidates=tuple(replace(c, response=(3, 3)) for c in shaped(0, (1, 1)).candidates)
    )
    counts = denominators([batches(allow_empty=True)([bare])])
    assert counts[Over.RESPONSE_TOKENS] == counts[Over.CHOSEN_TOKENS] == 1


@pytest.mark.parametrize(("over", "divisor"), [(Over.EXAMPLES, 3), (Over.CHOSEN_TOKENS, 6), (Over.RESPONSE_TOKENS, 12)])
def test_a_term_is_divided_by_its_own_count(tmp_path, over, divisor):
    """Each example contributes 1, in microbatches of two and one: the step's loss is 3 / count."""
    given = [shaped(i, pair) for i, pair in enumerate([(3, 1), (1, 1), (2, 4)])]

    def objective(policy):
        weight = next(policy.parameters())
        return lambda batch: ({"one": Term(torch.ones(len(batch.ids)) + 0 * weight.sum(), over)}, {})

    options = {"global_batch_size": 3, "per_device_train_batch_size": 2, "max_steps": 1, "warmup_steps": 0}
    lines, _ = run(tmp_path, given=given, objective=objective, **options)
    assert lines[0]["loss"] == lines[0]["loss/one"] == pytest.approx(3 / divisor)


def test_terms_add_up_each_over_its_own_count(tmp_path):
    """Loss = preference term per example + likelihood per chosen token."""
    lines, _ = run(tmp_path, "simpo", hyper={"sft_weight": 0.5}, per_device_train_batch_size=3)
    for line in lines:
        assert line["loss"] == pytest.approx(line["loss/preference"] + line["loss/sft"], rel=1e-9)


# The optimizer.


def test_a_step_by_hand(tmp_path):
    """One AdamW step moves every weight by the learning rate, whatever the gradient (epsilon and decay aside)."""
    before = weights(model())
    _, after = run(tmp_path, max_steps=1, warmup_steps=0, weight_decay=0.0, adam_epsilon=1e-30, learning_rate=0.01)
    moved = torch.cat([(after[n] - before[n]).abs().flatten() for n in before])
    torch.testing.assert_close(moved[moved > 0], torch.full_like(moved[moved > 0], 0.01))
    assert (moved > 0).float().mean() > 0.9


def test_warmup_begins_at_zero_and_the_rate_is_logged(tmp_path):
    before = weights(model())
    lines, after = run(tmp_path / "one", max_steps=1, warmup_steps=2)
    assert lines[0]["learning_rate"] == 0 and furthest(before, after) == 0
    lines, _ = run(tmp_path / "two", max_steps=4, warmup_steps=2)
    assert [line["learning_rate"] for line in lines] == pytest.approx([0, 0.005, 0.01, 0.005])


def test_gradients_are_clipped_by_their_global_norm(tmp_path):
    """The logged norm is that before clipping; a tiny limit changes the step where the gradient's scale matters."""
    free, _ = run(tmp_path / "free", max_grad_norm=1e9, max_steps=2)
    tight, _ = run(tmp_path / "tight", max_grad_norm=1e-3, max_steps=2)
    assert free[0]["grad_norm"] == tight[0]["grad_norm"] > 1e-3
    made = toy(tmp_path / "norms", max_grad_norm=1e-3, max_steps=1)
    norms = []
    original = torch.optim.AdamW.step

    def step(self, *args, **options):
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms.append(float(torch.stack([g.norm() for g in gradients]).norm()))
        return original(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        train(made.job)
    assert norms == pytest.approx([1e-3], rel=1e-3)


@pytest.mark.parametrize("kind", ["gpt_neox", "llama"])
def test_what_is_not_decayed_is_what_transformers_does_not_decay(kind):
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    policy = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, intermediate_size=32, **sizes))
    names = {id(p): n for n, p in policy.named_parameters()}
    groups = make_optimizer(policy, settings(weight_decay=0.1)).param_groups
    decayed = {names[id(p)] for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    forbidden = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]
    theirs = set(get_parameter_names(policy, [torch.nn.LayerNorm], forbidden))
    assert decayed == theirs and len(decayed) < len(names)
    assert {id(p) for group in groups for p in group["params"]} == set(names)


def test_decay_reaches_the_weights(tmp_path):
    plain = run(tmp_path / "plain", weight_decay=0.0)[1]
    decayed = run(tmp_path / "decayed", weight_decay=0.5)[1]
    assert furthest(plain, decayed) > 1e-3


def test_the_settings_of_adam_are_obeyed():
    optimizer = make_optimizer(model(), settings(adam_beta1=0.8, adam_beta2=0.9, adam_epsilon=1e-3))
    for group in optimizer.param_groups:
        assert group["betas"] == (0.8, 0.9) and group["eps"] == 1e-3


# Data order, logging, progress.


def test_another_order_seed_gives_another_run_and_the_same_seed_the_same(tmp_path):
    one, same, other = (run(tmp_path / str(i), order_seed=seed)[1] for i, seed in enumerate((42, 42, 13)))
    assert furthest(one, same) == 0 < furthest(one, other)


def test_every_method_sees_the_same_batches_under_one_seed(tmp_path):
    seen = {}
    for name in ("dpo", "simpo", "ddo_rm", "sft"):
        made = toy(tmp_path / name, name)
        ids = seen.setdefault(name, [])

        def noted(part, following, made=made, ids=ids):
            ids.append([example.id for example in part])
            return made.job.make_batch(part, following)

        train(replace(made.job, make_batch=noted))
    assert all(ids == seen["dpo"] for ids in seen.values()) and len(seen["dpo"]) == 24


def test_lines_are_written_every_few_steps_and_at_the_end(tmp_path):
    lines, _ = run(tmp_path, logging_steps=5)
    assert [line["step"] for line in lines] == [5, 10, 12]


def test_a_line_has_the_names_that_people_know(tmp_path):
    lines, _ = run(tmp_path, max_steps=1)
    assert {"step", "loss", "grad_norm", "learning_rate", "num_tokens", "rewards/margins", "rewards/accuracies"} <= (
        lines[0].keys()
    )


def test_tokens_count_prompts_and_responses_and_no_padding(tmp_path):
    given = examples(8)
    lines, _ = run(tmp_path, given=given, max_steps=2)
    total = sum(len(candidate.tokens) for example in given for candidate in example.candidates)
    assert [line["num_tokens"] for line in lines] == [total, 2 * total]


def test_progress_is_reported_after_every_step(tmp_path):
    events = []
    made = toy(tmp_path, report=events.append, logging_steps=100)
    outcome = train(made.job)
    assert [event["step"] for event in events] == list(range(1, 13)) and {event["steps"] for event in events} == {12}
    assert events[-1]["tokens"] == outcome.tokens and outcome.steps == 12
    assert events[-1]["loss"] == outcome.last["loss"]


def test_a_run_learns(tmp_path):
    """Twelve steps on 24 pairs: the margin grows, the loss falls below log 2."""
    lines, _ = run(tmp_path, hyper={"beta": 0.5}, learning_rate=0.03)
    assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]
    assert lines[-1]["rewards/margins"] > lines[0]["rewards/margins"]


# What may go wrong.


def diverged(folder, **options) -> str:
    with pytest.raises(BenchError) as caught:
        run(folder, **options)
    assert caught.value.status == 1
    return str(caught.value)


def test_a_loss_that_is_no_number_stops_with_step_and_examples(tmp_path):
    policy = model()
    with torch.no_grad():
        next(policy.parameters()).fill_(float("nan"))
    text = diverged(tmp_path, policy=policy, given=examples(8), data_order="sequential")
    assert text.startswith("training diverged at step 1: loss nan, gradient norm ")
    assert "examples of the step: e0, e1, e2, e3, e4, e5, e6, e7;" in text and "learning_rate" in text


def test_a_gradient_that_is_no_number_stops_before_it_does_harm(tmp_path):
    """The root of zero is zero, and its slope infinite; at step 3 it enters."""
    steps = iter(range(100))

    def objective(policy):
        weight = next(policy.parameters())

        def loss(batch):
            values = (weight**2).sum().expand(len(batch.ids))
            return {"loss": Term(values + (0 * weight.sum()).sqrt() if next(steps) == 2 else values)}, {}

        return loss

    made = toy(tmp_path, objective=objective, per_device_train_batch_size=8)
    with pytest.raises(BenchError, match=r"training diverged at step 3: loss \d.*, gradient norm nan"):
        train(made.job)
    assert all(value.isfinite().all() for value in weights(made.model).values())
    assert [json.loads(line)["step"] for line in made.log.splitlines()] == [1, 2]


def test_of_many_examples_some_are_named(tmp_path):
    policy = model()
    with torch.no_grad():
        next(policy.parameters()).fill_(float("nan"))
    text = diverged(tmp_path, policy=policy, given=examples(40), global_batch_size=32, data_order="sequential")
    assert "e0, e1," in text and "e15 ...;" in text and "e16" not in text


# Variants of the model.


def test_adapters_alone_are_trained(tmp_path):
    policy = load.add_lora(model(), LORA, seed=1).double()
    before = weights(policy)
    _, after = run(tmp_path, policy=policy)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all("lora_" in name for name in changed)
    assert changed == set(trainable(policy)) | changed and len(changed) == len(trainable(policy))


def test_recomputing_activations_changes_nothing(tmp_path):
    plain = run(tmp_path / "plain")
    policy = model()
    load.use_checkpointing(policy)
    recomputed = run(tmp_path / "recomputed", policy=policy)
    assert [line["loss"] for line in recomputed[0]] == pytest.approx([line["loss"] for line in plain[0]], rel=1e-9)
    assert furthest(plain[1], recomputed[1]) < 1e-9


def test_recomputing_sees_the_same_dropout(tmp_path):
    found = []
    for recompute in (False, True):
        policy = model(hidden_dropout=0.3, attention_dropout=0.3)
        if recompute:
            load.use_checkpointing(policy)
        found.append(run(tmp_path / str(recompute), policy=policy)[1])
    assert furthest(*found) < 1e-9


@pytest.mark.parametrize("name", ["dpo", "simpo", "sft", "ddo_rm"])
def test_bfloat16_autocast_stays_finite_and_near(tmp_path, name):
    exact, _ = run(tmp_path / "exact", name, policy=model(dtype=torch.float32))
    lines, final = run(tmp_path / "bf16", name, policy=model(dtype=torch.float32), bf16=True)
    assert all(value.isfinite().all() and value.dtype == torch.float32 for value in final.values())
    assert lines[0]["loss"] != exact[0]["loss"], "else nothing was cast"
    assert [line["loss"] for line in lines] == pytest.approx([line["loss"] for line in exact], rel=0.15, abs=0.05)


def test_weights_in_bfloat16_train(tmp_path):
    lines, final = run(tmp_path, policy=model(dtype=torch.bfloat16))
    assert all(value.isfinite().all() for value in final.values()) and len(lines) == 12
