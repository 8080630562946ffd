"""What a recipe's `generate` section asks that cannot be had, found before anything is trained for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.generation import Sampling
from benchbench.plan.prepare import Prepared
from benchbench.recipe.load import Loaded


def draw_faults(loaded: Loaded, prepared: Prepared, device: Callable[[], str]) -> list[Fault]:
    """Faults of the `generate` section against the model and the tokenizer; none where nothing is drawn.

    Args:
        loaded: the recipe.
        prepared: what it reads.
        device: gives `cpu`, `cuda` or `cuda:N`; called only where vLLM is asked for by name, since it takes torch.

    Raises:
        BenchError: exit code 5, where vLLM is asked for and is not installed for this device.
    """
    section = loaded.recipe.generate
    if section is None:
        return []
    faults: list[Fault] = []
    limit = prepared.context_tokens
    if limit is not None and section.max_new_tokens >= limit:
        told = f"expected less than {limit}, which the model reads at once, prompt included"
        faults.append(Fault("generate.max_new_tokens", f"{told}; got {section.max_new_tokens}"))
    unknown = _unknown(section.stop_tokens, prepared.tokenizer_path)
    if unknown:
        faults.append(Fault("generate.stop_tokens", f"expected tokens of the tokenizer, got {', '.join(unknown)}"))
    if section.engine == "vllm":
        faults += _engine_faults(loaded, prepared, device())
    return faults


def _unknown(tokens: Sequence[str], tokenizer_path: str) -> list[str]:
    if not tokens:
        return []  # most have none, and a tokenizer takes seconds to load
    from transformers import AutoTokenizer

    known = AutoTokenizer.from_pretrained(tokenizer_path).get_vocab()
    return [token for token in tokens if token not in known]


def _engine_faults(loaded: Loaded, prepared: Prepared, device: str) -> list[Fault]:
    """An engine that was asked for by name, since nothing else is taken in its place."""
    from benchbench.generation.choose import choose
    from benchbench.generation.shape import shape_of_folder, shape_of_values

    section, model = loaded.recipe.generate, loaded.recipe.model
    assert section is not None
    names = ("max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty")
    sampling = Sampling(**{name: getattr(section, name) for name in names}, stop_token_ids=(0,))
    if prepared.model_path is None:
        assert model.from_config is not None, "a model has weights or a configuration"
        shape = shape_of_values(model.from_config)
    else:
        shape = shape_of_folder(Path(prepared.model_path), trust_remote_code=model.trust_remote_code)
    try:
        choose("vllm", shapes=[shape], device=device, sampling=[sampling])
    except BenchError as error:
        if error.exit_code is not ExitCode.USAGE:
            raise
        return [Fault("generate.engine", str(error))]
    return []
