"""Pairs that are drawn for the reward model of the micro setting: the section as `--set` takes it."""

from __future__ import annotations

from tests.stages.rounds import DRAW


def drawn_pairs(
    *,
    prompts: str = "{split: train, count: 10}",
    sampler: str = "name: policy, num_samples: 3",
    selector: str = "{name: west_of_n, options: {cut: keep}}",
    draw: str = DRAW,
    policy: str = "sft",
) -> str:
    """The section `reward_model.drawn`."""
    parts = f"prompts: {prompts}, sampler: {{{sampler}, {draw}}}, selector: {selector}"
    return f"reward_model.drawn={{policy: {policy}, {parts}}}"
