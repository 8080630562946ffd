"""torch.nn.functional under the name that losses use, imported when the first function of it is asked for.

A method's file can so be read without torch: plans need a method's declarations, and never its loss. Beside torch's
functions it has what several losses need to stay finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_EXPONENT = 80.0
"""exp(80) and its multiples are finite in float32, whose largest number is exp(88.7); TRL's bound for it, too."""


def held_exponent(exponent: Tensor) -> Tensor:
    """The exponents, held at 80 where exp of them would be infinite in float32; there with no gradient."""
    return exponent.clamp(max=LARGEST_EXPONENT)


def __getattr__(name: str) -> Any:
    """The function of that name."""
    if name.startswith("__"):
        raise AttributeError(name)  # what importing asks of a module is not torch's
    from torch.nn import functional

    return getattr(functional, name)
