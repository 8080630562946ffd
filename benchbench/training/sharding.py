"""Decoder layers whose weights, gradients and optimizer state are spread over the processes of a training.

Each process keeps its part of every layer, and has a layer whole only while it computes it (`fully_shard`). What is
outside of the layers, such as embeddings, final norm and heads, every process has as a whole: inputs and losses read it
that go past the forward pass of the model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from benchbench.core.errors import BenchError, ExitCode
from benchbench.models.activations import decoder_layers
from benchbench.models.logps import unwrap
from benchbench.training.ranks import Ranks


@contextmanager
def sharded_layers(model: nn.Module, ranks: Ranks) -> Iterator[None]:
    """Spread a model's decoder layers over the processes; they are whole again, in every process, after the block.

    Where the block ends with an error they stay as they are, since the processes may not be at the same place.

    Args:
        model: that is trained, on the process's device.
        ranks: the processes; nothing is done where they do not shard.

    Raises:
        BenchError: a model whose layers are no list, or have weights of several precisions.
    """
    if not ranks.shards:
        yield
        return
    layers = _layers(model)
    outlines = [_outline(layer) for layer in layers]
    mesh = init_device_mesh(ranks.device.type, (ranks.world,))
    for layer in layers:
        policy = MixedPrecisionPolicy(reduce_dtype=reduced_in(layer))
        fully_shard(layer, mesh=mesh, reshard_after_forward=True, mp_policy=policy)
        assert isinstance(layer, FSDPModule)
        layer.set_gradient_divide_factor(1.0)  # gradients are sums, which are divided by the whole step's counts
        layer.set_force_sum_reduction_for_comms(True)
    yield
    for place, outline in enumerate(outlines):
        weights = {name: whole(tensor.detach()) for name, tensor in layers[place].state_dict().items()}
        outline.load_state_dict(weights, assign=True)
        layers[place] = outline


def reduced_in(layer: nn.Module) -> torch.dtype:
    """The precision in which a layer's gradients are summed over processes: float32 at least, as of whole models."""
    return torch.promote_types(next(layer.parameters()).dtype, torch.float32)


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor, of which this process may have a part; all processes ask at the same place."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def part_like(tensor: Tensor, like: Tensor) -> Tensor:
    """The part of a whole tensor that this process keeps, where it keeps parts of those of its kind."""
    if not isinstance(like, DTensor) or isinstance(tensor, DTensor):
        return tensor
    placed = tensor.to(like.device)
    return distribute_tensor(placed, like.device_mesh, like.placements, src_data_rank=None)


def clip_gradients(parameters: Iterable[nn.Parameter], most: float, ranks: Ranks) -> Tensor:
    """Clip all gradients together by their norm, as torch does; [] the norm before.

    Args:
        parameters: that are trained.
        most: norm that they have at most afterwards.
        ranks: the processes, each of which may have parts of the gradients.
    """
    every = list(parameters)
    if not ranks.shards:
        return torch.nn.utils.clip_grad_norm_(every, most)
    gradients = [parameter.grad for parameter in every if parameter.grad is not None]
    parts = [gradient.to_local() for gradient in gradients if isinstance(gradient, DTensor)]
    wholes = [gradient for gradient in gradients if not isinstance(gradient, DTensor)]
    squares = _sum_of_squares(parts, ranks.device)
    dist.all_reduce(squares)
    norm = (squares + _sum_of_squares(wholes, ranks.device)).sqrt().to(torch.float32)
    factor = torch.clamp(most / (norm + 1e-6), max=1.0)
    for gradient in [*parts, *wholes]:
        gradient.mul_(factor.to(gradient.dtype))
    return norm


def _layers(model: nn.Module) -> nn.ModuleList:
    plain = unwrap(getattr(model, "backbone", model))
    layers = decoder_layers(plain)
    if layers is None:
        raise BenchError(
            f"--shard-layers: expected a model with its decoder layers in a list, found {type(plain).__name__}, which "
            "has no such list; leave --shard-layers out",
            exit_code=ExitCode.FAILED,
        )
    for layer in layers:
        kinds = sorted({str(parameter.dtype).removeprefix("torch.") for parameter in layer.parameters()})
        if len(kinds) > 1:
            raise BenchError(
                f"--shard-layers: expected layers whose weights have one precision, found {' and '.join(kinds)}, as of "
                "adapters on weights in another precision; leave --shard-layers out",
                exit_code=ExitCode.FAILED,
            )
    return layers


def _outline(layer: nn.Module) -> nn.Module:
    """A copy of a layer without memory for its weights."""
    empty = {
        id(parameter): nn.Parameter(parameter.detach().to("meta"), requires_grad=parameter.requires_grad)
        for parameter in layer.parameters()
    }
    return copy.deepcopy(layer, memo=dict(empty))


def _sum_of_squares(gradients: Sequence[Tensor], device: torch.device) -> Tensor:
    """[] in float64."""
    total = torch.zeros((), dtype=torch.float64, device=device)
    for gradient in gradients:
        total += gradient.detach().double().square().sum()
    return total
