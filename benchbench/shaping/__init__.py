"""Room of shapings: from a group's rewards and log-probabilities to what a learner gets; one file each.

`core.shaping.shape_group` applies one to a group of responses.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.shaping import Shaping


def names() -> tuple[str, ...]:
    """Names of all shapings, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Shaping:
    """The shaping of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="shaping", constant="SHAPING")
