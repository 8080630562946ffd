"""benchbench: the reproducibility bench for preference optimisation of language models.

`compare` and `load_results` are the Python interface (docs/python.md); everything else is the command line's.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchbench.api import Results as Results
    from benchbench.api import compare as compare
    from benchbench.api import load_results as load_results

__version__ = "0.1.0"
__all__ = ["Results", "__version__", "compare", "load_results"]


def __getattr__(name: str) -> Any:
    """What `__all__` offers, imported when it is first asked for: importing the package costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module("benchbench.api"), name)


def __dir__() -> list[str]:
    """The names of the Python interface."""
    return sorted(__all__)
