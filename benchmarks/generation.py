"""`python -m benchmarks.generation`: both engines answer the same prompts greedily, in float32, with all cores.

Times are wall seconds, since vLLM works in another process; starting it is reported apart.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

from benchmarks.mixes import MIXES, make_model

EngineName = Literal["vllm", "transformers"]
PROMPTS, NEW_TOKENS, ROUNDS = 64, 96, 3


def make_prompts(count: int, vocabulary: int) -> dict[str, list[int]]:
    """Prompts of 11 to 115 random tokens."""
    draw = random.Random(0)
    return {str(i): [draw.randrange(4, vocabulary) for _ in range(draw.randint(11, 115))] for i in range(count)}


def time_engines(names: Sequence[EngineName], *, quick: bool) -> dict[str, Any]:
    """Tokens per second of each engine, rounds in turn, the best of each; and how many answers are alike."""
    import torch

    from benchbench.core.generation import Sampling
    from benchbench.generation.choose import EngineChoice
    from benchbench.generation.engine_cache import open_engine
    from benchbench.generation.engine_settings import EngineSettings
    from benchbench.generation.seeds import make_requests

    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    mix = MIXES["bench" if quick else "feas"]
    prompts = make_prompts(4 if quick else PROMPTS, mix.shape.vocabulary)
    requests = make_requests(prompts, seed=0)
    greedy = Sampling(4 if quick else NEW_TOKENS, 0.0, 1.0, 0, 0.0, 1.0, (1,))
    engines = {name: open_engine(EngineChoice(name, ""), EngineSettings(threads=cores)) for name in names}
    best = dict.fromkeys(names, 0.0)
    answers: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = make_model(mix)
        model.config.use_cache = True
        model.save_pretrained(folder)
        for engine in engines.values():
            engine.load(Path(folder))
        for _ in range(1 if quick else ROUNDS):
            for name, engine in engines.items():
                begin = time.monotonic()
                answers[name] = engine.generate(requests, greedy)
                tokens = sum(len(answer.tokens) for answer in answers[name])
                best[name] = max(best[name], tokens / (time.monotonic() - begin))
        start = {name: engine.info().start_seconds for name, engine in engines.items()}
        for engine in engines.values():
            engine.close()
    alike = sum(len(set(map(repr, row))) == 1 for row in zip(*answers.values(), strict=True))
    return {"tokens_per_second": best, "start_seconds": start, "alike": alike, "prompts": len(prompts)}


if __name__ == "__main__":
    size, *chosen = sys.argv[1:]
    answers_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what engines print is no answer
    answers_to.write(json.dumps(time_engines(cast(list[EngineName], chosen), quick=size == "quick")) + "\n")
    answers_to.close()
