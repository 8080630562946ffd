"""What a recipe's `generate` section asks that cannot be had, found before anything is trained for it."""

from __future__ import annotations

from collections.abc import Callable

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.generation.choose import choose
from benchbench.generation.sampling import sampling_of
from benchbench.generation.stops import Stops, named_stops
from benchbench.plan.engines import planned_shape
from benchbench.plan.prepared import Prepared
from benchbench.plan.stopping import planned_stops, tokenizer_of
from benchbench.recipe.load import Loaded


def generation_faults(loaded: Loaded, prepared: Prepared, device: Callable[[], str]) -> list[Fault]:
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
        expected = f"expected less than {limit}, which the model reads at once, prompt included"
        faults.append(Fault("generate.max_new_tokens", f"{expected}; got {section.max_new_tokens}"))
    try:
        stops = _stops(loaded, prepared)
        if section.engine == "vllm":
            stops = stops or named_stops(section.stop_tokens, tokenizer_of(loaded, prepared))
            sampling = sampling_of(section, stops.ids)
            choose("vllm", shapes=[planned_shape(loaded, prepared)], device=device(), sampling=[sampling])
    except BenchError as error:
        if error.exit_code is not ExitCode.USAGE:
            raise
        faults.append(Fault("", str(error)))
    return faults


def stop_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Faults of the tokens that end a response, where those of training are all that is drawn."""
    try:
        _stops(loaded, prepared)
    except BenchError as error:
        if error.exit_code is not ExitCode.USAGE:
            raise
        return [Fault("", str(error))]
    return []


def _stops(loaded: Loaded, prepared: Prepared) -> Stops | None:
    """What ends a response; none where it is EOS alone, as mostly, since a tokenizer takes seconds to load."""
    section, stops = loaded.recipe.generate, planned_stops(loaded, prepared)
    if stops is None and section is not None and section.stop_tokens:
        return named_stops(section.stop_tokens, tokenizer_of(loaded, prepared))
    return stops
