"""Our losses beside TRL's, row by row, in one table.

`python -m tests.conformance.table` prints it; with `--write` it writes docs/conformance.md. Each row is measured: the
loss of a step and its gradient in every parameter of a tiny random model, from TRL's own trainer and from ours.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchbench import methods
from benchbench.core.method import Need, Over, terms_of
from benchbench.core.scores import Scores
from benchbench.models.distribution import distribution_quantity
from benchbench.models.logps import response_states, token_logps
from benchbench.report import markdown

from .test_trl import (
    ONE_TOKEN_PROMPTS,
    PAIRS,
    POLICY,
    REFERENCE,
    RELATIVE_ERROR,
    batch_of,
    builder,
    dpo_of_trl,
    kto_of_ours,
    kto_of_trl,
    paired_of_trl,
    with_gradients,
)

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
TRL = "1.16.0"
APART = 1e-3
"""Relative difference beyond which two losses are different, in the loss or in a gradient."""


@dataclass(frozen=True, eq=False)
class Row:
    """One method beside one way to set up TRL."""

    method: str
    trainer: str
    """`DPO`, `KTO`, `CPO` or `ORPO`."""
    theirs: Mapping[str, Any] = field(default_factory=dict)
    """Settings of TRL's trainer."""
    ours: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters of the method."""
    why: str = ""
    """Why the two differ; empty where they are equal."""
    one_token_prompts: bool = False
    """On prompts of one token."""


def _dpo(method: str, loss: str, *, ours: Mapping[str, Any] | None = None, **theirs: Any) -> Row:
    return Row(method, "DPO", {"loss_type": [loss], "beta": 0.1, **theirs}, {"beta": 0.1, **(ours or {})})


ROWS = (
    _dpo("dpo", "sigmoid"),
    _dpo("rdpo_robust", "robust", ours={"label_smoothing": 0.15}, label_smoothing=0.15),
    _dpo("ipo", "ipo"),
    _dpo("rso_hinge", "hinge"),
    _dpo("exo", "exo_pair", ours={"label_smoothing": 0.05}, label_smoothing=0.05),
    _dpo("nca_pair", "nca_pair"),
    _dpo("bco_noshift", "bco_pair"),
    _dpo("sppo_hard", "sppo_hard"),
    _dpo("aot", "aot"),
    _dpo("aot_unpaired", "aot_unpaired"),
    _dpo("apo_zero", "apo_zero"),
    _dpo("apo_down", "apo_down"),
    _dpo("discopop", "discopop", ours={"beta": 0.02, "tau": 0.05}, beta=0.02, discopop_tau=0.05),
    _dpo("dpo_lengthnorm", "sigmoid_norm", ours={"beta": 2.0}, beta=2.0),
    _dpo("wpo", "sigmoid", use_weighting=True),
    _dpo("ld_dpo", "sigmoid", ours={"alpha": 0.5}, ld_alpha=0.5),
    _dpo("fdpo_div_fkl", "sigmoid", f_divergence_type="forward_kl"),
    _dpo("fdpo_div_js", "sigmoid", f_divergence_type="js_divergence"),
    _dpo(
        "fdpo_div_alpha",
        "sigmoid",
        ours={"alpha": 0.3},
        f_divergence_type="alpha_divergence",
        f_alpha_divergence_coef=0.7,
    ),
    Row(
        "rpo_reg",
        "DPO",
        {"loss_type": ["sigmoid", "sft"], "beta": 0.1, "loss_weights": [1.0, 0.3]},
        {"regularizer": "pooled", "beta": 0.1, "eta": 0.3},
    ),
    Row(
        "dpo_sft",
        "DPO",
        {"loss_type": ["sigmoid", "sft"], "beta": 0.1, "loss_weights": [1.0, 0.3]},
        {"beta": 0.1, "weight": 0.3},
    ),
    Row(
        "rpo_iter",
        "DPO",
        {"loss_type": ["sigmoid", "sft"], "beta": 0.1, "loss_weights": [1.0, 1.0]},
        {"beta": 0.1},
        "the likelihood is a mean over tokens per response in the paper, over the tokens of the batch in TRL",
    ),
    Row(
        "slic_hf",
        "DPO",
        {"loss_type": ["hinge"], "beta": 1.0},
        {"delta": 1.0},
        "SLiC-HF has no reference and a likelihood term",
    ),
    Row("kto", "KTO", {"beta": 0.1}, {"beta": 0.1}),
    Row(
        "kto",
        "KTO",
        {"beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.5},
        {"beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.5},
    ),
    Row("cpo", "CPO", {}, {"beta": 0.1}),
    Row("cpo", "CPO", {"loss_type": "hinge"}, {"beta": 0.1, "loss_type": "hinge"}),
    Row(
        "cpo_simpo",
        "CPO",
        {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 1.0, "cpo_alpha": 0.05},
        {"beta": 2.0, "margin": 0.5, "sft_weight": 0.05},
    ),
    Row(
        "simpo",
        "CPO",
        {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 0.5, "cpo_alpha": 0.0},
        {"beta": 2.0, "margin": 0.25},
    ),
    Row(
        "simpo",
        "CPO",
        {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 0.5},
        {"beta": 2.0, "margin": 0.25},
        "TRL's loss type simpo adds a likelihood term of weight 1 (cpo_alpha), SimPO has none",
    ),
    Row(
        "alphapo",
        "CPO",
        {"loss_type": "alphapo", "beta": 2.5, "alpha": 0.25, "simpo_gamma": 0.1},
        {"beta": 2.5, "alpha": 0.25, "margin": 0.04},
    ),
    Row("orpo", "ORPO", {"beta": 0.4}, {"beta": 0.4}, one_token_prompts=True),
    Row(
        "orpo",
        "ORPO",
        {"beta": 0.4},
        {"beta": 0.4},
        "TRL's likelihood term runs over the prompt, too, the paper's over the response",
    ),
)


def theirs_of(row: Row, folder: Path) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """TRL's loss and gradients."""
    settings, build = dict(row.theirs), builder(folder)
    if row.trainer == "DPO":
        return dpo_of_trl(build, settings.pop("loss_type"), **settings)
    if row.trainer == "KTO":
        return kto_of_trl(build, **settings)
    pairs = ONE_TOKEN_PROMPTS if row.one_token_prompts else PAIRS
    if row.trainer == "ORPO":
        from trl.experimental.orpo import ORPOConfig, ORPOTrainer

        return paired_of_trl(build, ORPOTrainer, ORPOConfig, pairs, **settings)
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return paired_of_trl(build, CPOTrainer, CPOConfig, pairs, **settings)


def ours_of(row: Row) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Our loss and gradients, over the whole step."""
    if row.trainer == "KTO":
        return kto_of_ours(**row.ours)
    method, policy = methods.get(row.method), copy.deepcopy(POLICY).eval()
    pairs = ONE_TOKEN_PROMPTS if row.one_token_prompts else PAIRS
    batch = batch_of(pairs)
    with torch.no_grad():
        reference = token_logps(REFERENCE.eval(), batch)
    states = response_states(policy, batch)
    quantity = method.need(Need.DISTRIBUTION.name)
    distribution = None
    if quantity is not None:
        values = distribution_quantity(quantity.option("quantity"), states, None, torch.float32)
        distribution = states.placed(values)
    anchor = reference if method.need(Need.REFERENCE.name) is not None else None
    scores = Scores(states.logps(torch.float32), anchor, _distribution=distribution)
    counts = {Over.EXAMPLES: len(pairs), Over.CHOSEN_TOKENS: batch.lengths()[:, 0].sum()}
    terms = terms_of(method.loss(scores, method.hyper(**row.ours))).values()
    return with_gradients(torch.stack([term.values.sum() / counts[term.over] for term in terms]).sum(), policy)


def difference(row: Row, folder: Path) -> float:
    """Largest relative difference of the two, in the loss or in the gradient of a parameter."""
    (loss, gradients), (their_loss, their_gradients) = ours_of(row), theirs_of(row, folder)
    assert gradients.keys() == their_gradients.keys() and len(gradients) > 20
    scale = max(gradient.norm() for gradient in their_gradients.values())
    apart = [
        (gradient - their_gradients[name]).norm() / max(their_gradients[name].norm(), 0.01 * scale)
        for name, gradient in gradients.items()
    ]
    return float(max([abs(loss - their_loss) / abs(their_loss), *apart]))


def status(row: Row, folder: Path) -> str:
    """`equal`, or `different` with the reason.

    Raises:
        AssertionError: the two are neither equal nor clearly different, or not what the row says.
    """
    apart = difference(row, folder)
    if row.why:
        assert apart > APART, f"{row.method}: expected a difference ({row.why}), found {apart:.1e}"
        return f"different: {row.why}"
    assert apart <= RELATIVE_ERROR, f"{row.method}: expected equal losses, found {apart:.1e}"
    return "equal"


def page(statuses: Mapping[Row, str]) -> str:
    """The document."""
    rows = [
        {
            "method": f"`{row.method}`",
            "hyper-parameters": _said(row.ours),
            "TRL trainer": f"{row.trainer}Trainer",
            "settings": _said(row.theirs) + ("; prompts of one token" if row.one_token_prompts else ""),
            "result": said,
        }
        for row, said in statuses.items()
    ]
    head = "\n".join(
        [
            f"# Conformance with TRL {TRL}",
            "",
            "Each row is measured (`python -m tests.conformance.table`): the loss of a step of four pairs and its",
            "gradient in every parameter of a tiny random model, in float32, from TRL's own trainer and from ours.",
            f"*Equal* is a relative error of at most {RELATIVE_ERROR:g} in both, *different* one of more than",
            f"{APART:g}, for the reason that is given.",
            "KTO's trainer is given our mismatched responses, those of the next example of the step; left to itself",
            "it takes those of the example before within its microbatch.",
            "Losses that TRL does not have are checked against other independent values (`tests/golden`).",
            "",
        ]
    )
    return head + "\n" + markdown.records(rows) + "\n"


def _said(settings: Mapping[str, Any]) -> str:
    texts = {
        name: "+".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in settings.items()
    }
    return ", ".join(f"{name} {text}" for name, text in texts.items()) or "defaults"


def main() -> int:
    """Print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="write docs/conformance.md")
    with tempfile.TemporaryDirectory() as folder:
        text = page({row: status(row, Path(folder)) for row in ROWS})
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
