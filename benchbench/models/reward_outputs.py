"""Heads of reward models beyond one linear map: networks on states and free tensors, as a `HeadSpec` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from benchbench.core.reward_objective import HIDDEN, HeadSpec, Network, RewardScores

_ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class OutputHead(nn.Module):
    """What a head computes of pooled states, and the tensors that it has of its own."""

    def __init__(self, head: HeadSpec, hidden: int, *, dtype: torch.dtype, initial_std: float) -> None:
        super().__init__()
        self.response = None if head.response is None else _network(head.response, hidden, dtype, initial_std)
        self.prompt = None if head.prompt is None else _network(head.prompt, hidden, dtype, initial_std)
        self.tables = nn.ParameterDict()
        self._fitted = tuple(name for name, table in head.tables.items() if table.fitted)
        for name, table in head.tables.items():
            values = torch.empty([hidden if size == HIDDEN else size for size in table.shape], dtype=dtype)
            nn.init.normal_(values, mean=table.mean, std=table.std) if table.std else values.fill_(table.mean)
            if table.fitted:
                self.register_buffer(f"fitted_{name}", values)
            else:
                self.tables[name] = nn.Parameter(values)

    def values(self) -> dict[str, Tensor]:
        """Name -> free tensor in float32, trained and fitted ones."""
        fitted = {name: self.get_buffer(f"fitted_{name}") for name in self._fitted}
        return {name: tensor.float() for name, tensor in {**dict(self.tables.items()), **fitted}.items()}

    def set_fitted(self, values: Mapping[str, Tensor]) -> None:
        """Put values into the fitted tables.

        Raises:
            ValueError: other names or shapes than the head declares.
        """
        if set(values) != set(self._fitted):
            raise ValueError(f"expected values of {sorted(self._fitted)}, got {sorted(values)}")
        for name, value in values.items():
            buffer = self.get_buffer(f"fitted_{name}")
            if value.shape != buffer.shape:
                raise ValueError(f"table '{name}': expected shape {tuple(buffer.shape)}, got {tuple(value.shape)}")
            buffer.copy_(value)


def joined_scores(parts: Sequence[RewardScores]) -> RewardScores:
    """The scores of all examples as one batch, from batches of one head with as many candidates each."""

    def joined(name: str) -> Tensor | None:
        tensors = [getattr(part, name) for part in parts]
        return None if tensors[0] is None else torch.cat(tensors)

    columns = {name: torch.cat([part.column(name) for part in parts]) for name in parts[0]._column}
    return RewardScores(joined("_outputs"), joined("_prompt"), joined("_states"), parts[0]._tables, columns)


def _network(network: Network, hidden: int, dtype: torch.dtype, std: float) -> nn.Sequential:
    """Linear maps with activations between; one map alone has no bias, as the scalar head has none."""
    sizes = (hidden, *network.layers, network.outputs)
    parts: list[nn.Module] = []
    for size, following in zip(sizes, sizes[1:], strict=False):
        linear = nn.Linear(size, following, bias=bool(network.layers), dtype=dtype)
        nn.init.normal_(linear.weight, std=std)
        if network.layers:
            nn.init.zeros_(linear.bias)
        parts += [linear, _ACTIVATIONS[network.activation]()]
    return nn.Sequential(*parts[:-1])
