"""The models that an oracle reads, as numbers of responses: the oracle sees no tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import torch

from benchbench.core.example import Example, Message
from benchbench.core.generation import GenerationRequest, Sampling
from benchbench.core.oracle import Oracle, Scorer
from benchbench.core.rollout import Group
from benchbench.data.prompts import encode_prompts
from benchbench.data.tokenized import TokenizedExample, drawn_candidate
from benchbench.generation.seeds import draw_seed
from benchbench.generation.stops import Stops, named_stops
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.models import load
from benchbench.models.layout import layout_of
from benchbench.models.logps import policy_layout, token_logps, unwrap
from benchbench.stages.context import StageContext, check_context
from benchbench.stages.label.settings import LabelSettings
from benchbench.stages.reward.run import with_dropout
from benchbench.stages.reward.settings import DropoutSettings
from benchbench.stages.reward_model.run import load_reward_model
from benchbench.stages.scoring import score_examples
from benchbench.stages.serving import engine_settings, servable

Context = StageContext[LabelSettings]
REWARD_MODEL = "reward_model"
BATCH_OF_WRITER = 64
"""Texts that the policy writes at once for an oracle that asks it."""


def scorers_of(context: Context, oracle: Oracle, options: Any, tokenizer: Any) -> Mapping[str, Scorer]:
    """The models that an oracle declares, by name; each is loaded once, when it is first asked."""
    passes = None if oracle.dropout is None else DropoutSettings(**asdict(oracle.dropout(options)))
    return {
        name: RewardScorer(context, tokenizer, passes)
        if name == REWARD_MODEL
        else PolicyScorer(context, tokenizer, name)
        for name in sorted(oracle.models)
    }


@dataclass(frozen=True)
class RewardScorer:
    """The reward model's number of each response, or its numbers in passes with dropout."""

    context: Context
    tokenizer: Any
    dropout: DropoutSettings | None = None
    """None for one pass without."""

    @cached_property
    def model(self) -> Any:
        """The reward model, in eval mode on the stage's device."""
        return load_reward_model(self.context, REWARD_MODEL).to(self.context.device).eval()

    def __call__(self, groups: Sequence[Group]) -> list[list[list[float]]]:
        """[group][response] -> one number, or one of each pass, in the reward model's units."""
        examples = _examples(groups)
        title = self.context.spec.title
        check_context(examples, self.model.backbone, title)
        score = self.model if self.dropout is None else with_dropout(self.model, self.dropout, title)
        rewards: dict[int, list[list[float]]] = {}
        for _, part, scores in score_examples(
            self.context,
            examples,
            score,
            pad=self.tokenizer.pad_token_id,
            layout=layout_of(unwrap(self.model.backbone)),
            whole=True,
            columns=self.model.score_columns,
            share=self.dropout is None,
        ):
            passes = (scores[None] if self.dropout is None else scores).cpu()  # [n, B, K]
            for row, example in enumerate(part):
                rewards[int(example.id)] = [passes[:, row, k].tolist() for k in range(len(example.candidates))]
        return [rewards[place] for place in range(len(groups))]


@dataclass(frozen=True)
class PolicyScorer:
    """A policy's log-probability of each scored token, by the training stack and never by an engine."""

    context: Context
    tokenizer: Any
    name: str
    """Of the input that leaves the policy; the base model where the stage has no such input."""

    @cached_property
    def model(self) -> Any:
        """The policy, in eval mode on the stage's device."""
        context = self.context
        if self.name in context.spec.inputs:
            model = load.load_trained(context.input(self.name) / "model", context.model_spec(), trainable=False)
        else:
            model = load.build_base(context.model_spec(), self.tokenizer, seed=context.settings.base_seed)
        return model.to(context.device).eval()

    def __call__(self, groups: Sequence[Group]) -> list[list[list[float]]]:
        """[group][response] -> log-probability of each scored token, in nats."""
        examples = _examples(groups)
        check_context(examples, self.model, self.context.spec.title)
        logps: dict[int, list[list[float]]] = {}
        score, layout = partial(token_logps, self.model, dtype=torch.float32), policy_layout(self.model)
        for _, part, scored in score_examples(
            self.context, examples, score, pad=self.tokenizer.pad_token_id, layout=layout
        ):
            token, response = scored.token.cpu(), scored.response.cpu()
            for row, example in enumerate(part):
                logps[int(example.id)] = [
                    token[row, k][response[row, k]].tolist() for k in range(len(example.candidates))
                ]
        return [logps[place] for place in range(len(groups))]


def _examples(groups: Sequence[Group]) -> list[TokenizedExample]:
    """Groups as rows to score, whole; their ids are their places."""
    examples: list[TokenizedExample] = []
    for place, group in enumerate(groups):
        context = (*group.prompt, *group.prefix)
        candidates = [drawn_candidate(context, each.scored, each.observed) for each in group.responses]
        columns = {name: value for name, value in group.columns.items() if not isinstance(value, str)}
        examples.append(TokenizedExample(str(place), tuple(candidates), identical=False, columns=columns))
    return examples


@dataclass(frozen=True)
class PolicyWriter:
    """What the policy writes after a text, for oracles that ask it; drawn in this process, at temperature 1.

    The policy is loaded once, when it is first asked, and stays until `close`.
    """

    context: Context
    tokenizer: Any
    _opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def _engine(self) -> TransformersEngine:
        dtype = self.context.reading.model.dtype
        settings = engine_settings(self.context, (), dtype=dtype, batch_size=BATCH_OF_WRITER, max_new_tokens=0)
        folder, _ = self._opened.enter_context(servable(self.context, self.tokenizer))
        engine = TransformersEngine(replace(settings, expected_tokens=None))  # which it does not need
        engine.load(folder)
        self._opened.callback(engine.close)
        return engine

    def close(self) -> None:
        """Free the policy's memory, and what was written to load it."""
        self._opened.close()

    def __call__(self, prompts: Sequence[str], *, samples: int, max_new_tokens: int) -> list[list[str]]:
        """[prompt][sample] -> text; draws are named by the text itself, so no other text shifts them."""
        context, run = self.context, self.context.run
        examples = [Example(str(n), (Message("user", text),), ("",)) for n, text in enumerate(prompts)]
        encoded = encode_prompts(examples, self.tokenizer, context.tokenization())
        stops = named_stops((), self.tokenizer) if run.stops is None else Stops.from_json(run.stops)
        sampling = Sampling(max_new_tokens, 1.0, 1.0, 0, 0.0, 1.0, stops.ids)
        seed = context.settings.seed
        assert seed is not None, "planned with a seed, since the policy writes"
        where = f"label r{context.settings.round}"
        requests = [
            GenerationRequest(str(n), sample, tokens, draw_seed(seed, where, prompts[n], sample))
            for n, tokens in enumerate(encoded)
            for sample in range(samples)
        ]
        drawn = self._engine.generate(requests, sampling)
        texts = [self.tokenizer.decode(list(each.tokens), skip_special_tokens=True).strip() for each in drawn]
        return [texts[n * samples : (n + 1) * samples] for n in range(len(prompts))]
