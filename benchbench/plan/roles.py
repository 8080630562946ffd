"""The roles of a cell: which stage is its SFT policy, its anchor, its scores, with the settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchbench import inputs, methods
from benchbench.core.data_ref import DataRef
from benchbench.core.identity import identity
from benchbench.plan import reward_stages
from benchbench.plan.anchors import AnchorWeights, further_anchor
from benchbench.plan.graph import policy_input
from benchbench.plan.model_columns import with_model_columns
from benchbench.plan.online import online_inputs, online_settings, oracle_options
from benchbench.plan.stage_parts import StageParts, tool_settings
from benchbench.plan.starts import starting_policy
from benchbench.plan.stopping import stopping
from benchbench.plan.tokenization import preference_tokenization, stage_tokenization
from benchbench.recipe.anchors import AnchorSource, anchor_input
from benchbench.recipe.memory import scoring_memory, training_memory
from benchbench.recipe.section import values_of
from benchbench.recipe.training import (
    LoopSection,
    RewardHeadSection,
)
from benchbench.stages.generate.settings import GenerateRun, GenerateSettings
from benchbench.stages.preference.settings import (
    KEPT_POLICY,
    PreferenceMethodSettings,
    PreferenceRun,
    PreferenceSettings,
)
from benchbench.stages.reward.settings import DropoutSettings, RewardSettings
from benchbench.stages.reward_model.settings import (
    DRAWN,
    RewardLoopSettings,
    RewardModelSettings,
    RewardObjectiveSettings,
)
from benchbench.stages.score.settings import ScoreSettings
from benchbench.stages.settings import MethodSettings, ReadingRun, TrainingRun
from benchbench.stages.sft.settings import SftSettings


@dataclass(frozen=True)
class Roles(StageParts):
    """The stages that one seed of one recipe can ask for; each is added to the plan when it is asked for."""

    def sft(self) -> str | None:
        """The SFT policy; none where the recipe starts from the model as it is."""
        section = self.recipe.sft
        if section is None:
            return None
        title = f"sft seed {self.seed}"
        labels = self.prepared.data.shapes[section.split].labels
        if labels:
            title += f", on {labels['true']} of {sum(labels.values())} examples, those labelled true"
        settings = SftSettings(
            **replace(self, made={}).training(section, seeded=True),
            training=self.loop(section, "sft"),
            method=MethodSettings(name="sft", version=methods.get("sft").version),
            on_empty_response=section.on_empty_response,
            own_to=self.loaded.label if section.own_per_method else None,
            labels="true only" if labels else "all",  # before, all were trained on
        )
        return self.add("sft", title, settings, {}, self.training_run(section))

    def first_policy(self) -> str | None:
        """The policy that preference training as a whole starts from: another recipe's where one is named, or SFT's."""
        section = self.recipe.preference
        return self.sft() if section is None or section.init_from is None else starting_policy(self)

    @property
    def previous_policy(self) -> str | None:
        """The policy that the round starts from and draws with, wherever its training starts; else the first one."""
        return self.first_policy() if self.round is None else self.round.previous

    @property
    def policy_before(self) -> str | None:
        """The policy that the round before started from; in the first one and without rounds the first policy."""
        return self.first_policy() if self.round is None else self.round.before

    def policy_left_by(self, number: int) -> str | None:
        """The policy that a round left, for the rounds after it; at the latest the one that the round starts from.

        Args:
            number: of the round; 0 for the first policy.
        """
        return self.first_policy() if self.round is None else self.round.left_by(number)

    @property
    def start_policy(self) -> str | None:
        """The policy that a preference stage goes on from."""
        rounds = self.recipe.rounds
        restarts = rounds is not None and rounds.start == "sft"
        return self.sft() if restarts else self.previous_policy

    @property
    def _kept_policy(self) -> dict[str, str]:
        """The input with the policy that stays where a round has no row, where training starts at another one."""
        rounds, fit = self.recipe.rounds, None if self.round is None else self.round.fit
        kept_policy = self.previous_policy if fit is None else fit.fallback
        is_other = rounds is not None and rounds.on_empty == "keep_policy" and kept_policy != self.start_policy
        return {KEPT_POLICY: kept_policy} if is_other and kept_policy is not None else {}

    def reward_model(self) -> str:
        """The reward model of the seed."""
        return reward_stages.reward_model(self)

    def trained_rewards(
        self,
        objective: RewardObjectiveSettings,
        seed: int,
        title: str,
        data: DataRef,
        drawn: tuple[str, str] | None = None,
    ) -> str:
        """One reward model.

        Args:
            objective: what it minimises.
            seed: what its head and, where the recipe says so, its data order are drawn from.
            title: for people.
            data: what it is trained on.
            drawn: split, and the key of the pairs of draws to its prompts that it is trained on, too.
        """
        section = self.recipe.reward_model
        assert section is not None, "checked with the recipe"
        settings = RewardModelSettings(
            **{**replace(self, seed=seed).training(section, seeded=True), "data": data},
            training=RewardLoopSettings(
                **values_of(section, LoopSection),
                **values_of(section, RewardHeadSection),
                **training_memory(self.recipe, "reward_model"),
            ),
            objective=objective,
            drawn_split=None if drawn is None else drawn[0],
        )
        start = policy_input(self.sft()) if section.init_from == "sft" else {}
        start |= {} if drawn is None else {DRAWN: drawn[1]}
        return self.add("reward_model", title, settings, start, self.training_run(section))

    def preference(self) -> str:
        """The policy that the method trains."""
        section, method = self.recipe.preference, methods.get(self.recipe.method.name)
        assert section is not None, "checked with the recipe"
        start, reader = self.start_policy, with_model_columns(self)
        online = online_settings(reader, method)
        declared = () if online is not None and online.draws_rows else method.declared
        needed = {k: v for need in declared for k, v in inputs.get(need.name).plan(reader, need).items()}
        needed |= online_inputs(reader, method)
        if method.head is not None and method.head.reads == "reference":
            needed |= anchor_input(self)
        hyper = identity(self.loaded.bound["method.hyper"])
        tokenization = preference_tokenization(self.recipe, section)
        settings = PreferenceSettings(
            **reader.training(section, seeded=start is None, tokenization=tokenization),
            training=self.loop(section, "preference"),
            method=PreferenceMethodSettings(name=method.name, version=method.version, hyper=hyper),
            reward=section.reward if method.need("reward") else None,
            on_empty_response=section.on_empty_response,
            online=online,
        )
        title = f"{self.loaded.label} {self.where}"
        run = PreferenceRun(
            **values_of(self.training_run(section), TrainingRun),
            method_file=self.recipe.method.file,
            oracle_options=oracle_options(self),
            folder=None if online is None else str(self.loaded.folders.online_oracle),
        )
        return self.add("preference", title, settings, policy_input(start) | self._kept_policy | needed, run)

    def further_anchor(self, name: str, source: AnchorSource) -> str:
        """The log-probabilities of the training pairs under an anchor that the recipe names."""
        return further_anchor(self, f"log-probabilities of anchor {name} {self.where}", source)

    def anchor(
        self,
        policy: str | None,
        title: str | None = None,
        weights: AnchorWeights | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> str:
        """A frozen anchor's log-probabilities of the training pairs, in training precision; of the base without any.

        The policy is a stage's; `weights` are a folder's, in its place; `changes` are to the stage's settings.
        """
        section, dtype = self.recipe.preference, self.recipe.model.dtype
        assert section is not None, "checked with the recipe"
        reading = self.reading(section.split, preference_tokenization(self.recipe, section))
        run = self.reading_run()
        if weights is not None:
            reading["model"], run = weights.in_place_of(reading["model"], run)
        rows = {"keep_all": False, "on_empty_response": section.on_empty_response, "store_tokens": True}
        values: dict[str, Any] = rows | {
            "dtype": dtype,
            "bf16": section.bf16,
            "seed": self.base_seed(policy) if weights is None else None,
            **scoring_memory(self.recipe, dtype, bf16=section.bf16),
        }
        settings = ScoreSettings(**reading, **values | dict(changes or {}))
        title = title or f"reference log-probabilities {self.where}"
        return self.add("score", title, settings, policy_input(policy), run)

    def score(self, policy: str | None, label: str) -> str:
        """The held-out score of a policy."""
        section, split = self.recipe.score, self.score_split
        settings = ScoreSettings(
            **self.reading(split, stage_tokenization(self.recipe, section)),
            dtype=section.dtype,
            bf16=False,
            keep_all=True,
            on_empty_response="keep_constant",
            store_tokens=False,
            seed=self.base_seed(policy),
            **scoring_memory(self.recipe, section.dtype),
        )
        title = f"score {label} seed {self.seed} on {split}"
        return self.add("score", title, settings, policy_input(policy), self.reading_run())

    def reward(self, split: str) -> str:
        """The reward model's number for every response of a split."""
        return reward_stages.reward(self, split)

    def rewards_of(self, model: str, split: str, title: str, dropout: DropoutSettings | None = None) -> str:
        """The numbers that one reward model, by its key, gives to every response of a split; in passes with dropout."""
        section = self.recipe.reward_model
        assert section is not None, "checked with the recipe"
        named: dict[str, Any] = {"truncation": section.score_truncation, "append_eos": section.score_append_eos}
        changes = {key: value for key, value in named.items() if value is not None} | {"max_prompt_length": None}
        if split == self.score_split and self.recipe.score.max_length is not None:
            changes["max_length"] = self.recipe.score.max_length
        settings = RewardSettings(
            **self.reading(split, stage_tokenization(self.recipe, section).model_copy(update=changes)),
            keep_all=True,
            on_empty_response="keep_constant",
            dropout=dropout,
            **scoring_memory(self.recipe, self.recipe.model.dtype, section.head_dtype, dropout=dropout is not None),
        )
        return self.add("reward", title, settings, {"reward_model": model}, self.reading_run())

    def generate(self, policy: str | None, label: str = "") -> str | None:
        """The policy's own responses, under a label of their own; the SFT policy is the reference of their KL."""
        section = self.recipe.generate
        if section is None:
            return None
        start = self.sft()
        stop_token_ids, stops = stopping(self.loaded, self.prepared)
        settings = GenerateSettings(
            **self.reading(section.split, self.recipe.tokenization),
            generate=section,
            seed=self.seed,
            base_seed=self.base_seed(policy),
            stop_token_ids=stop_token_ids,
            engine_attention=self.recipe.model.attn_implementation,
            tool=tool_settings(self.recipe) if section.tool_calls else None,
            **scoring_memory(self.recipe, section.dtype),
        )
        read = policy_input(policy)
        if start is not None and start != policy:
            read["reference"] = start
        label = label or (self.recipe.start if policy == start else self.loaded.label)
        title = f"responses of {label} seed {self.seed} on {section.split}"
        run = GenerateRun(**values_of(self.reading_run(), ReadingRun), stops=stops)
        return self.add("generate", title, settings, read, run)
