"""vLLM's own process: `python -m benchbench.generation.vllm_process FD`, spoken to over a pipe in JSON.

Only this process imports vLLM: it patches torch and transformers, holds memory, and may die without taking the caller
along. With `VLLM_ENABLE_V1_MULTIPROCESSING=0`, which the parent sets, the scheduler runs in this process too, which
makes it deterministic. Each message has one answer, `done` or `failed`; `progress` may come before it.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchbench.core.imports import without_collection

SCRATCH_PREFIX = "benchbench-vllm-"
"""Of the folder that the parent makes for vLLM's temporary files."""
HEARTBEAT_SECONDS = 1.0
"""At most one sign of progress per so many seconds."""
RELOAD_LOGGER = "vllm.model_executor.model_loader.reload.layerwise"
"""Where vLLM 0.31.0 warns of layers that a reload passed by: with tied embeddings the head keeps the last model's."""


def main() -> None:
    """Serve the pipe whose file descriptor is the one argument, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    pipe = Connection(int(sys.argv[1]))
    server = _Server(pipe)
    verbs = {"load": server.load, "generate": server.generate}
    while True:
        try:
            message = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            server.end()
            return
        try:
            answer = {"done": verbs[message.pop("do")](**message)}
        except Exception as error:  # the parent tells the user, the log keeps the rest
            traceback.print_exc()
            answer = {"failed": f"{type(error).__name__}: {error}"}
        pipe.send_bytes(json.dumps(answer).encode())


def _end_with(parent: int) -> None:
    """Nobody waits for an answer any more once the parent is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    scratch = Path(tempfile.gettempdir())
    if scratch.name.startswith(SCRATCH_PREFIX):
        shutil.rmtree(scratch, ignore_errors=True)  # the parent can no longer
    os._exit(1)


class _Failures(logging.Handler):
    """Notes layers that took no weights in a reload; rotary embeddings have none, only what the configuration says."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.layers: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "Failed to load weights" in message and "RotaryEmbedding:" not in message:
            self.layers.append(message)


class _Server:
    """The engine, and what it can be asked."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.vllm: Any = None
        self.llm: Any = None
        self.requests = 0

    def load(self, engine: Mapping[str, Any], reload: bool) -> Mapping[str, Any]:
        """A model in place of the last one: its weights alone where that is possible, else an engine made anew."""
        if reload and self.llm is not None and self._reload(engine["model"]):
            how = "weights reloaded"
        else:
            how = "engine made anew" if self.llm is not None else "process started"
            self.end()
            with without_collection():
                self.vllm = importlib.import_module("vllm")
                make = self.vllm.LLM  # which imports most of it
            self.llm = make(**engine)
        return {"version": self.vllm.__version__, "how": how}

    def _reload(self, folder: str) -> bool:
        """Other weights in place of these; whether all layers took them, which vLLM says in its log alone."""
        log, seen = logging.getLogger(RELOAD_LOGGER), _Failures()
        level = log.level
        log.setLevel(logging.WARNING)  # whatever is printed, this is heard
        log.addHandler(seen)
        try:
            self.llm.collective_rpc("reload_weights", kwargs={"weights_path": folder})
        finally:
            log.removeHandler(seen)
            log.setLevel(level)
        return bool(self.llm.reset_prefix_cache()) and not seen.layers

    def end(self) -> None:
        """Free the engine's memory and what it shares with no other."""
        if self.llm is None:
            return
        self.llm.llm_engine.engine_core.shutdown()
        self.llm = None
        importlib.import_module("vllm.distributed").cleanup_dist_env_and_memory()
        gc.collect()

    def generate(
        self, prompts: Sequence[Sequence[int]], seeds: Sequence[int], sampling: Mapping[str, Any], logps: bool = False
    ) -> list[tuple[list[int], str, list[float]]]:
        """Tokens, reason of ending, and with `logps` the log-probability of each token, per prompt in their order."""
        engine, places = self.llm.llm_engine, {}
        for place, (tokens, seed) in enumerate(zip(prompts, seeds, strict=True)):
            self.requests += 1
            key = str(self.requests)
            engine.add_request(key, {"prompt_token_ids": list(tokens)}, self._parameters(seed, sampling, logps))
            places[key] = place
        answers: dict[int, tuple[list[int], str, list[float]]] = {}
        said = 0.0
        while engine.has_unfinished_requests():
            for output in engine.step():
                if output.finished:
                    only = output.outputs[0]
                    tokens = list(only.token_ids)
                    numbers: list[float] = [
                        at[token].logprob for at, token in zip(only.logprobs or (), tokens, strict=False)
                    ]
                    answers[places[output.request_id]] = (tokens, str(only.finish_reason), numbers)
            if time.monotonic() - said > HEARTBEAT_SECONDS:
                said = time.monotonic()
                self.pipe.send_bytes(json.dumps({"progress": len(answers)}).encode())
        return [answers[place] for place in range(len(prompts))]

    def _parameters(self, seed: int, sampling: Mapping[str, Any], logps: bool) -> Any:
        """Every field that moves a number, since vLLM's defaults are not ours (16 tokens, for one)."""
        return self.vllm.SamplingParams(
            n=1,
            max_tokens=sampling["max_new_tokens"],
            min_tokens=0,
            temperature=sampling["temperature"],
            top_p=sampling["top_p"],
            top_k=sampling["top_k"],
            min_p=sampling["min_p"],
            repetition_penalty=sampling["repetition_penalty"],
            presence_penalty=0.0,
            frequency_penalty=0.0,
            logit_bias=None,
            allowed_token_ids=None,
            bad_words=None,
            seed=seed,
            stop=None,
            stop_token_ids=list(sampling["stop_token_ids"]),
            ignore_eos=True,  # the stop ids are all there is; none is taken from the model's files
            logprobs=0 if logps else None,  # 0: of the token that was drawn alone
            prompt_logprobs=None,
            detokenize=False,
            output_kind=importlib.import_module("vllm.sampling_params").RequestOutputKind.FINAL_ONLY,
        )


if __name__ == "__main__":
    main()
