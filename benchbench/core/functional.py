"""torch.nn.functional under the name that losses use, imported when the first function of it is asked for.

A method's file can so be read without torch: plans need a method's declarations, and never its loss.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """The function of that name."""
    if name.startswith("__"):
        raise AttributeError(name)  # what importing asks of a module is not torch's
    from torch.nn import functional

    return getattr(functional, name)
