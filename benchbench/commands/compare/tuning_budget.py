"""How much was tried before a row's values were what they are: from the setting's log, or from what its recipe says."""

from __future__ import annotations

import math
import re

from benchbench.recipe.load import Loaded
from benchbench.report.fairness import UNKNOWN
from benchbench.store.results import ResultStore
from benchbench.store.tuning_logs import read_tuning_log

LOG = "tuning.csv"
"""The log of `bench tune --log` in a setting's folder of results."""
UNTUNED = "untuned"
_SAID = re.compile(r"; tuned over (?P<axes>.+?)(?:, widened once by .+?)? on split ")
"""What `bench tune --write-recipes` says in a recipe's description."""


def tuning_budget(loaded: Loaded, results: ResultStore) -> str:
    """`untuned`, the number of values that were tried, or unknown.

    A log in the setting's folder of results is asked first, then the recipe's description. A recipe that says nothing
    of a grid may have been tuned by other means, so nothing is assumed of it.

    Raises:
        BenchError: a log that is none.
    """
    if loaded.untuned:
        return UNTUNED
    place = (loaded.recipe.setting, loaded.label)
    logged = [row for row in read_tuning_log(results.folder / LOG) if (row["setting"], row["method"]) == place]
    tried = len(logged) or tried_values(loaded.recipe.description)
    return UNKNOWN if tried is None else f"{tried} value{'' if tried == 1 else 's'} tried"


def tried_values(description: str) -> int | None:
    """Number of settings that a description says were tried, those that widened a grid among them; none without a grid.

    The values of several axes are crossed.
    """
    said = _SAID.search(description)
    if said is None:
        return None
    return math.prod(len(axis.partition(" of ")[2].split(", ")) for axis in said["axes"].split(" and "))
