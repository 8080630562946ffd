"""A card that is not there: tensors that know their device, shape and type, and hold no numbers.

What is run with them shows which device every tensor ends on. Mixing devices is an error, and so is asking for a number
or for a selection whose size depends on one, for which a real card would have to be waited for. Backward passes need a
real card or `meta` tensors, of which the second half holds, too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._subclasses import FakeTensorMode

from benchbench.models import kernels

CARD = torch.device("cuda:0")
_REGISTRY = "_ZN3c104impl26device_guard_impl_registryE"
_CUDA, _META = 1, 14
"""Numbers of the kinds of device in torch (`c10/core/DeviceType.h`)."""


@contextmanager
def fake_card() -> Iterator[FakeTensorMode]:
    """All tensors made within are fake; skips the test where this torch does not allow it."""
    with _guarded(), pytest.MonkeyPatch.context() as patch, FakeTensorMode(allow_non_fake_inputs=True) as mode:
        patch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)  # not there for fake tensors
        patch.setattr(torch.cuda, "Event", _Event)
        patch.setattr(kernels, "_capability", lambda device: (9, 0))
        yield mode


@contextmanager
def _guarded() -> Iterator[None]:
    """Where torch was built without CUDA, lend that kind of device the guard of `meta`, which does nothing."""
    if torch.version.cuda is not None:
        yield
        return
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libc10.so"))
        guards: Any = (ctypes.c_void_p * (_META + 1)).in_dll(library, _REGISTRY)
    except (OSError, ValueError):
        pytest.skip("this torch has neither CUDA nor a registry of device guards to lend it one")
    before = guards[_CUDA]
    guards[_CUDA] = guards[_META]
    try:
        yield
    finally:
        guards[_CUDA] = before


class _Event:
    def record(self) -> None:
        """Nothing is ever computed."""

    def synchronize(self) -> None:
        raise AssertionError("the host waited for the card")


def moved(model: torch.nn.Module, mode: FakeTensorMode, device: torch.device = CARD) -> Any:
    """A model that was made outside, each of its tensors replaced by a fake one on a device."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            fake = mode.from_tensor(parameter).detach().to(device)
            module._parameters[name] = torch.nn.Parameter(fake, requires_grad=parameter.requires_grad)
        for name, buffer in list(module.named_buffers(recurse=False)):
            module._buffers[name] = mode.from_tensor(buffer).to(device)
            if not isinstance(getattr(module, f"original_{name}", None), torch.Tensor):
                continue
            setattr(module, f"original_{name}", module._buffers[name])
    return model
