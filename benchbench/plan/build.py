"""Recipes and seeds to a graph of stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchbench import methods
from benchbench.core.method import Need
from benchbench.core.records import StageSpec
from benchbench.plan.judge_stages import judged
from benchbench.plan.loop_settings import loop_settings
from benchbench.plan.prepare import Prepared
from benchbench.plan.prompt_stages import PreparedPrompts, asked
from benchbench.plan.stopping import stopping
from benchbench.recipe.load import Loaded, without_later
from benchbench.recipe.memory import part_of_scoring
from benchbench.recipe.training import RUN_KEYS
from benchbench.stages.versions import VERSIONS

_NAMES = ("model_name_or_path", "revision", "tokenizer_name_or_path", "tokenizer_revision")
"""Names of weights and tokenizers; their content hashes stand in fingerprints instead."""


@dataclass(frozen=True)
class Cell:
    """One seed of one recipe, as the stages it is made of."""

    loaded: Loaded
    seed: int
    policy: str | None
    """Key of the stage that leaves the policy; none where it is the base model as it is."""
    score: str
    """Key of the held-out score of the policy."""
    reference: str
    """Key of the held-out score of the setting's SFT policy (the base model's where there is no SFT)."""
    reward: str | None
    """Key of the held-out rewards; none where no method of the plan has a reward model."""
    data: str
    """Key of the prepared data that is scored."""
    generate: str | None = None
    """Key of the policy's own responses; none where the recipe draws none."""
    answered: str = ""
    """Key of the prompt set that the responses are to; empty where it is the recipe's own split."""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """Opponent (a label, or `chosen` for the data's preferred responses) -> key of the verdicts."""

    @property
    def stages(self) -> dict[str, str | None]:
        """Role -> stage key."""
        pairs = {"policy": self.policy, "score": self.score, "reference": self.reference, "reward": self.reward}
        to = f" to prompts {self.answered}" if self.answered else ""
        judged = {f"verdicts against {opponent}{to}": key for opponent, key in self.verdicts.items()}
        return pairs | {f"generate{to}": self.generate} | judged


@dataclass
class Plan:
    """Stages in an order in which they can run, and the cells they make up."""

    stages: dict[str, StageSpec] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    def add(self, spec: StageSpec) -> str:
        """Add a stage once, with its version; equal stages of different methods are the same stage."""
        spec = replace(spec, settings={**spec.settings, "stage_version": VERSIONS[spec.kind]})
        self.stages.setdefault(spec.key, spec)
        return spec.key


def build_plan(
    items: Iterable[tuple[Loaded, Prepared, Sequence[int]]],
    *,
    score_split: str | None = None,
    baseline: str | None = None,
    with_samples: bool = False,
    prompts: PreparedPrompts | None = None,
) -> Plan:
    """The graph for several recipes with their seeds.

    Args:
        items: recipe, what it reads, seeds.
        score_split: score another split than the recipes name, such as validation.
        baseline: label that the others' responses are judged against; none where there is nothing to compare.
        with_samples: draw and judge responses where a recipe has them drawn.
        prompts: that are answered instead of the recipes' own split.

    Raises:
        BenchError: prompts that the recipes cannot answer or judge.
    """
    items = list(items)
    with_rewards = any(_needs_reward_model(loaded) for loaded, _, _ in items)
    plan = Plan()
    for loaded, prepared, seeds in items:
        for seed in seeds:
            rewards = with_rewards and loaded.recipe.reward_model is not None
            builder = _Builder(plan, loaded, prepared, seed, score_split or loaded.recipe.score.split)
            plan.cells.append(builder.cell(with_rewards=rewards, with_samples=with_samples))
    if prompts is not None:
        asked(plan, prompts)
    plan.cells = [judged(plan, cell, baseline) for cell in plan.cells]
    return plan


def _needs_reward_model(loaded: Loaded) -> bool:
    preference = loaded.recipe.preference
    if preference is None or loaded.recipe.method.name == "sft":
        return False
    return Need.REWARD in methods.get(loaded.recipe.method.name).needs and preference.reward.source == "stage"


@dataclass(frozen=True)
class _Builder:
    """Stages of one cell."""

    plan: Plan
    loaded: Loaded
    prepared: Prepared
    seed: int
    score_split: str

    @property
    def values(self) -> dict[str, Any]:
        """The resolved values, less the later fields that change nothing; run settings are still there."""
        return without_later(self.loaded.values())

    def cell(self, *, with_rewards: bool, with_samples: bool) -> Cell:
        start = self.sft()
        method = methods.get(self.loaded.recipe.method.name)
        policy = start if method.name == "sft" else self.preference(start)
        reference = self.score(start, "sft", self.score_split)
        return Cell(
            loaded=self.loaded,
            seed=self.seed,
            policy=policy,
            score=reference if method.name == "sft" else self.score(policy, self.loaded.label, self.score_split),
            reference=reference,
            reward=self.reward(start, self.score_split) if with_rewards else None,
            data=self.prepared.data_key,
            generate=self.generate(policy, start) if with_samples else None,
        )

    def generate(self, policy: str | None, start: str | None) -> str | None:
        """The policy's own responses; the SFT policy is the reference of their KL."""
        section = self.values.get("generate")
        if section is None:
            return None
        data = self.scored(section["split"], self.values["tokenization"])
        stops, noted = stopping(self.loaded, self.prepared)
        settings = {**data, "generate": section, "seed": self.seed, "base_seed": self.base_seed(policy), **stops}
        settings |= part_of_scoring(self.values, section["dtype"])
        if settings["model"]["attn_implementation"] != "sdpa":
            settings["attention"] = "obeyed"  # before, engines drew with sdpa whatever the recipe said
        inputs = _inputs(policy=policy)
        if start is not None and start != policy:
            inputs["reference"] = start
        label = "sft" if policy == start else self.loaded.label
        title = f"responses of {label} seed {self.seed} on {section['split']}"
        return self.plan.add(StageSpec("generate", title, settings, inputs, self.run(self.values["score"]) | noted))

    def sft(self) -> str | None:
        section = self.values["sft"]
        if section is None:
            return None
        method = {"name": "sft", "version": methods.get("sft").version}
        settings = {**self.common("sft", seeded=True), "method": method}
        if (on_empty := section.get("on_empty_response")) is not None:
            settings["on_empty_response"] = on_empty
        if section["own_per_method"]:
            settings["for"] = self.loaded.label
        title = f"sft seed {self.seed}"
        if labels := self.prepared.data.shapes[section["split"]].labels:
            settings["labels"] = "true only"  # before, all were trained on
            title += f", on {labels['true']} of {sum(labels.values())} examples, those labelled true"
        return self.plan.add(StageSpec("sft", title, settings, {}, self.run(section)))

    def reward_model(self, start: str | None) -> str:
        section = self.values["reward_model"]
        inputs = _inputs(policy=start) if section["init_from"] == "sft" else {}
        settings = self.common("reward_model", seeded=True)
        title = f"reward model seed {self.seed}"
        return self.plan.add(StageSpec("reward_model", title, settings, inputs, self.run(section)))

    def preference(self, start: str | None) -> str:
        section = self.values["preference"]
        method = methods.get(self.loaded.recipe.method.name)
        inputs = _inputs(policy=start)
        needs_reward = Need.REWARD in method.needs
        if Need.REFERENCE in method.needs:
            anchor = start if section["reference"] == "sft" else None
            inputs["reference"] = self.anchor_logps(anchor, section)
        if needs_reward and section["reward"]["source"] == "stage":
            inputs["reward"] = self.reward(start, section["split"])
        settings = {
            **self.common("preference", seeded=start is None),
            "method": {"name": method.name, "version": method.version, "hyper": self.values["method"]["hyper"]},
            "reward": section["reward"] if needs_reward else None,
            "on_empty_response": section["on_empty_response"],
        }
        title = f"{self.loaded.label} seed {self.seed}"
        return self.plan.add(StageSpec("preference", title, settings, inputs, self.run(section)))

    def anchor_logps(self, anchor: str | None, section: Mapping[str, Any]) -> str:
        """The frozen anchor's log-probabilities of the training pairs, in training precision."""
        settings = {
            **self.scored(section["split"], self.tokenization(section)),
            "dtype": self.values["model"]["dtype"],
            "bf16": section["bf16"],
            "keep_all": False,
            "on_empty_response": section["on_empty_response"],
            "store_tokens": True,
            "seed": self.base_seed(anchor),
            **part_of_scoring(self.values, self.values["model"]["dtype"], bf16=section["bf16"]),
        }
        title = f"reference log-probabilities seed {self.seed}"
        return self.plan.add(StageSpec("score", title, settings, _inputs(policy=anchor), self.run(section)))

    def score(self, policy: str | None, label: str, split: str) -> str:
        section = self.values["score"]
        settings = {
            **self.scored(split, self.tokenization(section)),
            "dtype": section["dtype"],
            "bf16": False,
            "keep_all": True,
            "on_empty_response": "keep_constant",
            "store_tokens": False,
            "seed": self.base_seed(policy),
            **part_of_scoring(self.values, section["dtype"]),
        }
        title = f"score {label} seed {self.seed} on {split}"
        return self.plan.add(StageSpec("score", title, settings, _inputs(policy=policy), self.run(section)))

    def reward(self, start: str | None, split: str) -> str:
        section = self.values["reward_model"]
        tokenization = self.tokenization(section)
        own = {"truncation": section["score_truncation"], "append_eos": section["score_append_eos"]}
        tokenization |= {key: value for key, value in own.items() if value is not None}
        held_out = self.values["score"]["max_length"]
        if split == self.score_split and held_out is not None:
            tokenization["max_length"] = held_out
        settings = {
            **self.scored(split, tokenization | {"max_prompt_length": None}),
            "keep_all": True,
            "on_empty_response": "keep_constant",
            **part_of_scoring(self.values, self.values["model"]["dtype"], section["head_dtype"]),
        }
        inputs = {"reward_model": self.reward_model(start)}
        title = f"rewards seed {self.seed} on {split}"
        return self.plan.add(StageSpec("reward", title, settings, inputs, self.run(self.values["score"])))

    def common(self, name: str, *, seeded: bool) -> dict[str, Any]:
        """What the training stage of this section reads."""
        section, seeds = self.values[name], self.values["seeds"]
        return {
            **self.scored(section["split"], self.tokenization(section)),
            "training": loop_settings(self.values, name),
            "lora": self.values["lora"],
            "seed": self.seed if seeded else None,
            "order_seed": self.seed if seeds["scope"] == "all" else seeds["fixed_seed"],
        }

    def scored(self, split: str, tokenization: Mapping[str, Any]) -> dict[str, Any]:
        """What every stage reads: model, data, tokenisation."""
        from benchbench.data.tokenize import VERSION

        model = {k: v for k, v in self.values["model"].items() if k not in _NAMES}
        return {
            "model": model | {"weights": self.prepared.weights_hash, "tokenizer": self.prepared.tokenizer_hash},
            "data": {"split": split, "hash": self.prepared.data.hashes[split]},
            "tokenization": {**tokenization, "chat_template": self.prepared.chat_template_hash},
            "tokenization_version": VERSION,
        }

    def tokenization(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """The setting's tokenisation with what the stage names itself."""
        own = {key: section[key] for key in ("max_length", "truncation") if section[key] is not None}
        return self.values["tokenization"] | own

    def base_seed(self, policy: str | None) -> int | None:
        """The seed of a base model whose weights are drawn from it; none where nothing is drawn."""
        return self.seed if policy is None and self.prepared.model_path is None else None

    def run(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Paths and settings of the run: recorded; what of them moves numbers stands in the settings too."""
        return {
            "model_path": self.prepared.model_path,
            "tokenizer_path": self.prepared.tokenizer_path,
            "chat_template": self.prepared.chat_template,
            "data_key": self.prepared.data_key,
            "per_device_eval_batch_size": self.values["score"]["per_device_eval_batch_size"],
            "training": {key: section[key] for key in RUN_KEYS if key in section},
        }


def _inputs(*, policy: str | None) -> dict[str, str]:
    return {} if policy is None else {"policy": policy}
