"""The method of a preference stage, as its settings name it."""

from __future__ import annotations

from typing import Any

from benchbench import methods
from benchbench.core.identity import restore
from benchbench.core.method import Method
from benchbench.recipe.binding import bind
from benchbench.stages.context import StageContext
from benchbench.stages.preference.settings import PreferenceSettings


def bound_method(context: StageContext[PreferenceSettings]) -> tuple[Method, Any]:
    """The method, and its hyper-parameters with defaults filled in."""
    settings = context.settings
    method = methods.get(settings.method.name, file=context.run.method_file)
    hyper, faults = bind(method.hyper, restore(method.hyper, settings.method.hyper), where="method.hyper")
    assert not faults, faults
    return method, hyper
