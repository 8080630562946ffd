"""The requests of a set of prompts, each with a seed of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchbench.core.generation import GenerationRequest
from benchbench.core.hashing import canonical
from benchbench.core.seeding import torch_seed


def request_seed(seed: int, example: str, sample: int, turn: int = 1) -> int:
    """The seed of one response, in [0, 2**63): from the run's seed, the prompt's id, which sample and which turn it is.

    Neither the method nor the model is in it, so methods draw paired responses, as they read data in the same order.
    """
    later = [turn] if turn > 1 else []
    return torch_seed(seed, "generation " + canonical([example, sample, *later]))


def draw_seed(seed: int, where: str, example: str, sample: int) -> int:
    """The seed of one response that is drawn for training, in [0, 2**63).

    Args:
        seed: the run's.
        where: which draw of the training it is, such as `rollout r2`; each has draws of its own.
        example: id of the prompt's example.
        sample: which of the responses to it.
    """
    return torch_seed(seed, f"{where} " + canonical([example, sample]))


def make_requests(
    prompts: Mapping[str, Sequence[int]], *, seed: int, samples: int = 1, turn: int = 1
) -> list[GenerationRequest]:
    """`samples` requests per prompt, in the prompts' order.

    Args:
        prompts: example id -> token ids, template and special tokens included.
        seed: the run's.
        samples: responses per prompt.
        turn: of the conversation; each has draws of its own.
    """
    return [
        GenerationRequest(example, sample, tuple(tokens), request_seed(seed, example, sample, turn))
        for example, tokens in prompts.items()
        for sample in range(samples)
    ]
