"""The groups of a rollout: each prompt with what was drawn and, where it is asked for, the split's own candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import MASK, Example
from benchbench.core.generation import Generation
from benchbench.core.rollout import DATA, Group, RolloutResponse
from benchbench.core.sampler import Arm
from benchbench.core.seeding import stream
from benchbench.data.encode import Encoder
from benchbench.data.encoded_examples import EncodedExample, encode_examples
from benchbench.data.render import renderer
from benchbench.data.spans import runs
from benchbench.recipe.schema import TokenizationSection
from benchbench.stages.rollout.settings import RolloutSettings


def round_examples(settings: RolloutSettings, examples: Sequence[Example], where: str) -> list[Example]:
    """The examples whose prompts a round answers, in the split's order; a repeated prompt stays.

    Raises:
        BenchError: the split has fewer.
    """
    wanted = settings.prompts
    if wanted.first + wanted.count > len(examples):
        raise BenchError(
            f"{where}: expected {wanted.first + wanted.count} examples in split '{settings.data.split}' for this "
            f"round's prompts, found {len(examples)}; lower rounds.prompts.per_round, or choose another order"
        )
    if not wanted.redrawn:
        return [*examples[wanted.first : wanted.first + wanted.count]]
    order = stream(settings.seed, f"prompts r{settings.round}").permutation(len(examples))
    return [examples[place] for place in sorted(order[: wanted.count].tolist())]


def candidates_of(
    examples: Sequence[Example], tokenizer: Any, section: TokenizationSection, *, most: int, where: str
) -> dict[str, list[RolloutResponse]]:
    """Example id -> the split's own candidates as responses that nobody drew, with the ids that offline training has.

    Args:
        examples: of the round.
        tokenizer: the setting's.
        section: of the stage, with the place of its chat template.
        most: how many of each example's, the first ones; 0 takes all.
        where: title of the stage, for messages.

    Raises:
        BenchError: candidates that answer different prompts.
    """
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=section.append_eos)
    by_example: dict[str, list[RolloutResponse]] = {}
    for encoded in encode_examples(examples, encoder, renderer(section, tokenizer, folder=Path())):
        if len(encoded.encoded) > 1:
            raise BenchError(
                f"{where}: example {encoded.example.id}: expected candidates that answer one prompt, found "
                "a prompt for each; train on such a split without rounds",
                exit_code=ExitCode.USAGE,
            )
        responses = _candidates(encoded, encoder.eos)
        by_example[encoded.example.id] = responses[: most or None]
    return by_example


def _candidates(encoded: EncodedExample, eos: int | None) -> list[RolloutResponse]:
    responses: list[RolloutResponse] = []
    for text, (_, ids), marks in zip(encoded.example.candidates, encoded.rows, encoded.marks, strict=True):
        ended = eos is not None and len(ids) > 0 and ids[-1] == eos
        tokens = tuple(ids[:-1] if ended else ids)
        masked = tuple((start, stop) for start, stop, _ in runs(marks.get(MASK, ())))
        responses.append(RolloutResponse(tokens, eos if ended else None, DATA, DATA, text, masked))
    return responses


def groups_of(
    settings: RolloutSettings,
    arms: Sequence[Arm],
    examples: Sequence[Example],
    prompts: Mapping[str, Sequence[int]],
    answers: Mapping[tuple[str, int], tuple[str, Generation]],
    candidates: Mapping[str, Sequence[RolloutResponse]],
    tokenizer: Any,
    *,
    mask_observations: bool = True,
) -> list[Group]:
    """One group per example, its responses in the order of the arms.

    Args:
        settings: of the stage.
        arms: of the sampler.
        examples: of the round, in order.
        prompts: example id -> token ids.
        answers: (example, sample) -> arm, and what it drew.
        candidates: example id -> the split's own; empty where no arm asks for them.
        tokenizer: for the texts of what was drawn.
        mask_observations: leave what a tool wrote out of what is scored of a draw.
    """
    groups: list[Group] = []
    for example in examples:
        responses: list[RolloutResponse] = []
        sample = 0
        for arm in arms:
            if arm.source == DATA:
                responses += candidates[example.id]
                continue
            drawn = [answers[example.id, number] for number in range(sample, sample + arm.samples)]
            responses += [_response(source, generation, tokenizer, mask_observations) for source, generation in drawn]
            sample += arm.samples
        columns = {name: value for name, value in example.columns.items() if not isinstance(value, tuple)}
        prompt = tuple(prompts[example.id])
        groups.append(Group(example.id, settings.round, prompt, example.prompt, tuple(responses), columns=columns))
    return groups


def _response(source: str, generation: Generation, tokenizer: Any, mask: bool) -> RolloutResponse:
    """What was drawn; only a token that stops a response is its end, one that it was cut at is not."""
    text = tokenizer.decode(list(generation.tokens), skip_special_tokens=True).strip()
    end = generation.end if generation.finish == "stop" else None
    observed = generation.observed if mask else ()
    return RolloutResponse(generation.tokens, end, generation.finish, source, text, observed)
