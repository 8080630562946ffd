"""Losses and parameter gradients against TRL's own trainers, on the same token ids, in float32.

TRL is the oracle: its collators pad, its trainers run the model and compute the loss. Ours goes through
`token_logps`, `Scores` and `Method.loss`. One tiny random GPT-NeoX is the policy, another the reference.
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
from dataclasses import dataclass

import pytest
import torch

from benchbench import methods
from benchbench.core.batch import CandidateBatch
from benchbench.core.method import Over, terms_of
from benchbench.core.scores import Scores
from benchbench.models.logps import token_logps

pytest.importorskip("trl", reason="TRL is the oracle of these tests and a development dependency only")

import datasets  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402

VOCABULARY, PAD, EOS = 32, 0, 1
RELATIVE_ERROR = 1e-5


@dataclass(frozen=True)
class Example:
    """Token ids of one preference pair."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]


PAIRS = (
    Example([5, 9, 17], [4, 8, 15, 16, EOS], [23, EOS]),
    Example([6, 7], [11, 12, EOS], [30, 2, 19, 3, 21, 9, EOS]),
    Example([31, 2, 3, 28, 10], [EOS], [14, 14, EOS]),
    Example([13], [29, 27, 25, 23, 21, 20, EOS], [26, 24, 22, EOS]),
)
"""Chosen lengths 5, 3, 1, 7 and rejected lengths 2, 7, 3, 4: no mean of means is a mean over tokens."""

ONE_TOKEN_PROMPTS = tuple(Example(example.prompt[:1], example.chosen, example.rejected) for example in PAIRS)


def tiny_model(seed: int) -> transformers.GPTNeoXForCausalLM:
    """A random model with weights large enough for log-probabilities far from uniform."""
    config = transformers.GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
        initializer_range=0.3,
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=EOS,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.GPTNeoXForCausalLM(config).float()


POLICY, REFERENCE = tiny_model(1), tiny_model(2)


# Our side.


def batch_of(pairs) -> CandidateBatch:
    """[B, 2, T] rows padded on the right to one length and two more."""
    return rows_of([(pair.prompt, [pair.chosen, pair.rejected]) for pair in pairs])


def rows_of(examples) -> CandidateBatch:
    """[B, K, T] the same of (prompt, [K] responses)."""
    rows = [(prompt, response) for prompt, responses in examples for response in responses]
    length = max(len(prompt) + len(response) for prompt, response in rows) + 2
    tokens = torch.full((len(rows), length), PAD)
    attention, response = (torch.zeros((len(rows), length), dtype=torch.bool) for _ in range(2))
    for row, (prompt, completion) in enumerate(rows):
        end = len(prompt) + len(completion)
        tokens[row, :end] = torch.tensor(prompt + completion)
        attention[row, :end] = True
        response[row, len(prompt) : end] = True
    shaped = (each.reshape(len(examples), -1, length) for each in (tokens, attention, response))
    return CandidateBatch(tuple(str(i) for i in range(len(examples))), *shaped)


def ours(name: str, pairs=PAIRS, **hyper):
    """Loss of the step and its gradient by parameter name."""
    method, policy = methods.get(name), copy.deepcopy(POLICY).eval()
    batch = batch_of(pairs)
    with torch.no_grad():
        reference = token_logps(REFERENCE.eval(), batch)
    scores = Scores(token_logps(policy, batch), reference if method.needs else None)
    counts = {Over.EXAMPLES: len(pairs), Over.CHOSEN_TOKENS: batch.lengths()[:, 0].sum()}
    terms = terms_of(method.loss(scores, method.hyper(**hyper))).values()
    return with_gradients(torch.stack([term.values.sum() / counts[term.over] for term in terms]).sum(), policy)


def with_gradients(loss, model):
    loss.backward()
    return loss.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_same(found, expected):
    """Relative error of the loss, and of the gradient of every parameter on the scale of the largest."""
    (loss, gradients), (their_loss, their_gradients) = found, expected
    assert abs(loss - their_loss) <= RELATIVE_ERROR * abs(their_loss)
    assert gradients.keys() == their_gradients.keys() and len(gradients) > 20
    scale = max(gradient.norm() for gradient in their_gradients.values())
    assert scale > 1e-3
    for name, gradient in gradients.items():
        error = (gradient - their_gradients[name]).norm()
        assert error <= RELATIVE_ERROR * max(their_gradients[name].norm(), 0.01 * scale), name


# TRL's side.


def toy_tokenizer():
    """One word per token id."""
    words = {"<pad>": PAD, "<eos>": EOS, **{f"w{i}": i for i in range(2, VOCABULARY)}}
    core = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="w2"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="<eos>", bos_token="<eos>"
    )


def builder(folder):
    """What builds a trainer of TRL on a copy of the policy; the data it is given only lets it start."""
    rows = datasets.Dataset.from_list([{"prompt": "w5 w9", "chosen": " w4", "rejected": " w8"}])
    tokenizer = toy_tokenizer()

    def build(trainer_class, config_class, *, rows=rows, **settings):
        config = config_class(
            output_dir=str(folder),
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            disable_tqdm=True,
            **settings,
        )
        model = copy.deepcopy(POLICY)
        has_reference = trainer_class.__name__ in ("DPOTrainer", "KTOTrainer")
        reference = {"ref_model": copy.deepcopy(REFERENCE)} if has_reference else {}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            built = trainer_class(model=model, args=config, train_dataset=rows, processing_class=tokenizer, **reference)
        built.model.eval()
        return built

    return build


@pytest.fixture
def trainer(tmp_path):
    """Build a trainer of TRL."""
    return builder(tmp_path)


def dpo_of_trl(trainer, loss_type, **settings):
    from trl import DPOConfig, DPOTrainer

    built = trainer(DPOTrainer, DPOConfig, loss_type=loss_type, **settings)
    rows = [{"prompt_ids": e.prompt, "chosen_ids": e.chosen, "rejected_ids": e.rejected} for e in PAIRS]
    return with_gradients(built.compute_loss(built.model, built.data_collator(rows)), built.model)


def paired_of_trl(trainer, trainer_class, config_class, pairs, **settings):
    """Loss of CPOTrainer and ORPOTrainer, which share an older collator."""
    built = trainer(trainer_class, config_class, **settings)
    rows = []
    for example in pairs:
        row = {"prompt_input_ids": example.prompt, "prompt_attention_mask": [1] * len(example.prompt)}
        for side, completion in (("chosen", example.chosen), ("rejected", example.rejected)):
            row[f"{side}_input_ids"] = example.prompt + completion
            row[f"{side}_attention_mask"] = [1] * len(row[f"{side}_input_ids"])
            row[f"{side}_labels"] = [-100] * len(example.prompt) + completion
        rows.append(row)
    return with_gradients(built.compute_loss(built.model, built.data_collator(rows)), built.model)


SINGLES = tuple(
    (example.prompt, example.chosen if desirable else example.rejected, desirable)
    for example, desirable in zip(PAIRS, (True, False, False, True), strict=True)
)
"""(prompt, response, desirable) of labelled responses."""
PARTNERS = tuple(SINGLES[(place + 1) % len(SINGLES)][1] for place in range(len(SINGLES)))
"""[examples] the response that follows each prompt in KTO's baseline: that of the next example."""


def kto_of_trl(trainer, **settings):
    """Loss of KTOTrainer, which is given the partners; from a dataset it takes those of the example before."""
    from trl import KTOConfig, KTOTrainer

    start = datasets.Dataset.from_list(
        [{"prompt": "w5 w9", "completion": " w4", "label": True}, {"prompt": "w5", "completion": " w8", "label": False}]
    )
    built = trainer(KTOTrainer, KTOConfig, rows=start, **settings)
    rows = [
        {"prompt_ids": prompt, "completion_ids": response, "KL_completion_ids": partner, "label": desirable}
        for (prompt, response, desirable), partner in zip(SINGLES, PARTNERS, strict=True)
    ]
    return with_gradients(built.compute_loss(built.model, built.data_collator(rows)), built.model)


def kto_of_ours(**hyper):
    """Our loss and gradients on the same responses and partners."""
    method, policy = methods.get("kto"), copy.deepcopy(POLICY).eval()
    batch = rows_of([(prompt, [response]) for prompt, response, _ in SINGLES])
    partners = rows_of([(prompt, [partner]) for (prompt, *_), partner in zip(SINGLES, PARTNERS, strict=True)])
    with torch.no_grad():
        reference = token_logps(REFERENCE.eval(), batch)
        mismatched = token_logps(policy, partners).sum() - token_logps(REFERENCE.eval(), partners).sum()
    label = torch.tensor([float(desirable) for *_, desirable in SINGLES])
    scores = Scores(token_logps(policy, batch), reference, None, {"label": label}, _mismatched=mismatched)
    return with_gradients(method.loss(scores, method.hyper(**hyper)).mean(), policy)


@pytest.fixture(autouse=True, scope="module")
def quiet_trl():
    """TRL marks its experimental part by a warning that this variable turns off."""
    before = os.environ.get("TRL_EXPERIMENTAL_SILENCE")
    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    yield
    os.environ.pop("TRL_EXPERIMENTAL_SILENCE") if before is None else os.environ.update(TRL_EXPERIMENTAL_SILENCE=before)


def test_dpo_is_the_sigmoid_loss_of_trl(trainer):
    assert_same(ours("dpo", beta=0.1), dpo_of_trl(trainer, ["sigmoid"], beta=0.1))


def test_rdpo_is_the_robust_loss_of_trl(trainer):
    theirs = dpo_of_trl(trainer, ["robust"], beta=0.2, label_smoothing=0.15)
    assert_same(ours("rdpo_robust", beta=0.2, label_smoothing=0.15), theirs)


def test_ipo_averaged_over_tokens_is_the_ipo_loss_of_trl(trainer):
    assert_same(ours("ipo", beta=0.1), dpo_of_trl(trainer, ["ipo"], beta=0.1))


def test_pooled_rpo_is_the_sigmoid_and_sft_loss_of_trl(trainer):
    theirs = dpo_of_trl(trainer, ["sigmoid", "sft"], beta=0.1, loss_weights=[1.0, 0.3])
    assert_same(ours("rpo_reg", regularizer="pooled", beta=0.1, eta=0.3), theirs)


@pytest.mark.parametrize(
    ("name", "loss_type", "hyper", "settings"),
    [
        ("rso_hinge", "hinge", {"beta": 0.1}, {}),
        ("exo", "exo_pair", {"beta": 0.1, "label_smoothing": 0.05}, {"label_smoothing": 0.05}),
        ("nca_pair", "nca_pair", {"beta": 0.1}, {}),
        ("bco_noshift", "bco_pair", {"beta": 0.1}, {}),
        ("apo_zero", "apo_zero", {"beta": 0.1}, {}),
        ("apo_down", "apo_down", {"beta": 0.1}, {}),
        # the gate divides by tau what beta multiplies; at a larger beta TRL's float32 rounding alone is 1e-5 or more
        ("discopop", "discopop", {"beta": 0.02, "tau": 0.05}, {"discopop_tau": 0.05}),
        ("dpo_lengthnorm", "sigmoid_norm", {"beta": 2.0}, {}),
    ],
)
def test_a_loss_type_of_the_dpo_trainer_is_our_method(trainer, name, loss_type, hyper, settings):
    theirs = dpo_of_trl(trainer, [loss_type], beta=hyper["beta"], **settings)
    assert_same(ours(name, **hyper), theirs)


def test_discopops_released_gate_is_trls_where_beta_is_tau_and_not_elsewhere(trainer):
    theirs = dpo_of_trl(trainer, ["discopop"], beta=0.05)
    assert_same(ours("discopop", beta=0.05, gate="unscaled"), theirs)
    theirs, _ = dpo_of_trl(trainer, ["discopop"], beta=0.1)
    assert abs(ours("discopop", beta=0.1, gate="unscaled")[0] - theirs) > 1e-3


def test_slic_hf_is_not_the_hinge_of_trl(trainer):
    """Ours has no reference and a likelihood term."""
    theirs, _ = dpo_of_trl(trainer, ["hinge"], beta=1.0)
    assert abs(ours("slic_hf", delta=1.0)[0] - theirs) > 0.1


@pytest.mark.parametrize(
    ("name", "hyper", "settings"),
    [
        ("cpo", {"beta": 0.1}, {}),
        ("cpo", {"beta": 0.2, "sft_weight": 0.3}, {"beta": 0.2, "cpo_alpha": 0.3}),
        ("cpo", {"beta": 0.1, "loss_type": "hinge"}, {"loss_type": "hinge"}),
        (
            "cpo_simpo",
            {"beta": 2.0, "margin": 0.5, "sft_weight": 0.05},
            {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 1.0, "cpo_alpha": 0.05},
        ),
        (
            "alphapo",
            {"beta": 2.5, "alpha": 0.25, "margin": 0.04},
            {"loss_type": "alphapo", "beta": 2.5, "alpha": 0.25, "simpo_gamma": 0.1},
        ),
    ],
    ids=["defaults", "weight of the likelihood", "hinge", "CPO-SimPO", "AlphaPO"],
)
def test_a_loss_type_of_the_cpo_trainer_is_our_method(trainer, name, hyper, settings):
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    assert_same(ours(name, **hyper), paired_of_trl(trainer, CPOTrainer, CPOConfig, PAIRS, **settings))


def test_alphapo_leaves_out_the_likelihood_that_trl_adds_to_simpo_with_alpha(trainer):
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    settings = {"loss_type": "simpo", "beta": 2.5, "alpha": 0.25, "simpo_gamma": 0.1}
    theirs, _ = paired_of_trl(trainer, CPOTrainer, CPOConfig, PAIRS, **settings)
    assert abs(ours("alphapo")[0] - theirs) > 0.1


@pytest.mark.parametrize(
    ("hyper", "settings"),
    [
        ({"beta": 2.0, "margin": 0.25}, {"beta": 2.0, "simpo_gamma": 0.5, "cpo_alpha": 0.0}),
        (
            {"beta": 2.0, "margin": 0.5, "label_smoothing": 0.1},
            {"beta": 2.0, "simpo_gamma": 1.0, "cpo_alpha": 0.0, "label_smoothing": 0.1},
        ),
        (methods.get("simpo").variants["trl"], {}),
    ],
    ids=["without likelihood", "label smoothing", "TRL's defaults"],
)
def test_simpo_is_the_simpo_loss_of_trl(trainer, hyper, settings):
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    theirs = paired_of_trl(trainer, CPOTrainer, CPOConfig, PAIRS, loss_type="simpo", **settings)
    assert_same(ours("simpo", **hyper), theirs)


def test_orpo_is_that_of_trl_where_prompts_have_one_token(trainer):
    """TRL's likelihood term runs over the prompt too, but the first token of a row is never predicted."""
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    theirs = paired_of_trl(trainer, ORPOTrainer, ORPOConfig, ONE_TOKEN_PROMPTS, beta=0.4)
    assert_same(ours("orpo", ONE_TOKEN_PROMPTS, beta=0.4), theirs)


def test_orpo_leaves_out_the_prompt_tokens_that_trl_counts(trainer):
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    theirs, _ = paired_of_trl(trainer, ORPOTrainer, ORPOConfig, PAIRS, beta=0.4)
    assert abs(ours("orpo", beta=0.4)[0] - theirs) > 0.01


def test_sft_is_the_completion_loss_of_trl(trainer):
    """TRL builds the labels itself from the completion mask."""
    from trl import SFTConfig, SFTTrainer

    rows = [
        {
            "input_ids": example.prompt + example.chosen,
            "completion_mask": [0] * len(example.prompt) + [1] * len(example.chosen),
        }
        for example in PAIRS
    ]
    built = trainer(SFTTrainer, SFTConfig, rows=datasets.Dataset.from_list(rows), completion_only_loss=True)
    batch = built.data_collator([built.train_dataset[i] for i in range(len(rows))])
    assert_same(ours("sft"), with_gradients(built.compute_loss(built.model, batch), built.model))


@pytest.mark.parametrize(
    "settings", [{"beta": 0.1}, {"beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.5}], ids=str
)
def test_kto_is_that_of_trl_with_the_same_partners(trainer, settings):
    assert_same(kto_of_ours(**settings), kto_of_trl(trainer, **settings))


def test_the_comparison_can_fail(trainer):
    """A beta 0.1 % larger is seen, in the loss or in the gradients."""
    theirs = dpo_of_trl(trainer, ["sigmoid"], beta=0.1)
    with pytest.raises(AssertionError):
        assert_same(ours("dpo", beta=0.1001), theirs)
