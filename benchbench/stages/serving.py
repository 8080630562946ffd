"""Policies for engines: whole weights in a folder, and how an engine runs for a stage that draws."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchbench import sources
from benchbench.core.generation import Engine, Generation, GenerationRequest
from benchbench.core.tools import Tool
from benchbench.generation.choose import EngineChoice
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.merge import is_adapter, is_merged, merge_adapter
from benchbench.generation.tool_turns import ToolTurns, observation_tokens
from benchbench.models import load
from benchbench.models.saving import probe, save_and_read_back
from benchbench.stages.context import StageContext
from benchbench.stages.settings import ToolSettings

SERVING = "serving-"
"""Of the folder that holds weights made for the engine, as long as it draws."""


def remove_leftovers(context: StageContext[Any]) -> None:
    """Remove the weights that an attempt made for the engine before it was killed."""
    for leftover in context.folder.glob(f"{SERVING}*") if context.ranks.is_first else ():
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def servable(context: StageContext[Any], tokenizer: Any, name: str = "policy") -> Iterator[tuple[Path, bool]]:
    """A folder of whole weights for an engine, and whether adapters were merged into them for it.

    Of several processes the first makes the folder, and removes it at the end of the block: until then all of them have
    loaded what is in it, since they come together after each piece of their work.

    Args:
        context: of a stage whose settings have a `base_seed`.
        tokenizer: the setting's.
        name: of the input that leaves the policy; the base model where the stage has no such input.
    """
    with ExitStack() as stack:
        yield context.ranks.from_first(lambda: stack.enter_context(_served(context, tokenizer, name)))


@contextmanager
def _served(context: StageContext[Any], tokenizer: Any, name: str) -> Iterator[tuple[Path, bool]]:
    with TemporaryDirectory(prefix=SERVING, dir=context.folder) as scratch:
        if name not in context.spec.inputs:
            path = context.run.model_path
            if path is not None:
                context.check_weights()
                yield Path(path), is_merged(Path(path))
                context.check_weights()
                return
            base = load.build_base(context.model_spec(), tokenizer, seed=context.settings.base_seed)
            folder = Path(scratch)
            save_and_read_back(
                base,
                save=lambda: load.save_trained(base, tokenizer, folder),
                load=lambda: load.load_trained(folder, context.model_spec(), trainable=False),
                score=probe,
                where=folder,
            )
            yield folder, False
            return
        folder = context.input(name) / "model"
        if not is_adapter(folder):
            yield folder, False
            return
        yield merge_adapter(folder, context.model_spec(), Path(scratch) / "merged", tokenizer=tokenizer), True


def tool_turns(
    settings: ToolSettings | None, calls: int, tokenizer: Any, cut: Callable[[Generation], Generation]
) -> ToolTurns | None:
    """What draws responses that call a tool; none where they call nothing.

    Args:
        settings: of the stage.
        calls: of a response that are answered, at most.
        tokenizer: the setting's.
        cut: cuts a response at a control token.

    Raises:
        BenchError: the tokenizer has no token for the end of a call.
        RuntimeError: planned with another version of the tool.
    """
    return None if settings is None else ToolTurns(_tool(settings), calls, tokenizer, cut)


def call_counts(settings: ToolSettings, responses: Sequence[Generation], tokenizer: Any) -> dict[str, int]:
    """Calls of a tool that were answered, and those of them that were none which it could answer."""
    tool = _tool(settings)
    error = observation_tokens(tokenizer, tool, tool.error)
    written = [response.tokens[start:stop] for response in responses for start, stop in response.observed]
    return {"tool_calls": len(written), "tool_errors": sum(tokens == error for tokens in written)}


def _tool(settings: ToolSettings) -> Tool:
    tool = sources.get(settings.source).tool
    if tool is None or tool.version != settings.version:
        raise RuntimeError(f"planned with version {settings.version} of the tool of '{settings.source}', found {tool}")
    return tool


def load_engine(
    context: StageContext[Any],
    choose: Callable[[], EngineChoice],
    settings: EngineSettings,
    folder: Path,
    *,
    fall_back: bool,
) -> tuple[Engine, EngineChoice]:
    """This process's engine with a model in it, and the choice that held: the first process's, which all follow.

    Args:
        context: of the stage.
        choose: the engine for the model; called in the first process.
        settings: how this process's engine runs.
        folder: of whole weights.
        fall_back: as `EngineCache.load` has it, in the first process.
    """
    ranks = context.ranks

    def load(choice: EngineChoice, *, fall_back: bool) -> tuple[Engine, EngineChoice]:
        log = context.root / ("engine.log" if ranks.is_first else f"engine-{ranks.number}.log")
        return context.engines.load(choice, settings, folder, fall_back=fall_back, log=log)

    loaded = [load(choose(), fall_back=fall_back)] if ranks.is_first else []
    choice = ranks.from_first(lambda: loaded[0][1])
    return loaded[0] if loaded else load(choice, fall_back=False)


def engine_settings(
    context: StageContext[Any],
    requests: Iterable[GenerationRequest],
    *,
    dtype: str,
    batch_size: int,
    max_new_tokens: int,
) -> EngineSettings:
    """How an engine runs for a stage.

    Args:
        context: of a stage that reads a model.
        requests: all that the stage will ask, for the length that the engine has to expect.
        dtype: precision of weights and cache.
        batch_size: responses at once, at most.
        max_new_tokens: of each response.
    """
    model = context.reading.model
    return EngineSettings(
        device=str(context.device),
        devices=context.engines.devices,
        dtype=dtype,
        threads=torch.get_num_threads(),
        batch_size=batch_size,
        expected_tokens=max((len(request.prompt) for request in requests), default=0) + max_new_tokens,
        attn_implementation=model.attn_implementation,
        trust_remote_code=model.trust_remote_code,
    )
