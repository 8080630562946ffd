"""The name of a judge in a table: two reward models, or two models behind a server, are two judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

_SHOWN = 12
"""Digits of a hash or commit."""


def judge_label(identity: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """The exhibit, and what it judges with: a served model, a hub id at its commit, a folder or file and its content.

    Args:
        identity: as of `judge_identity`.
        options: the recipe's; a path shows its last part alone, since folders are one machine's own.
    """
    name, pins = str(identity["name"]), identity["identity"]
    if "model" in options:
        return f"{name} {options['model']}"
    for option, pin in (("model_name_or_path", "weights"), ("path", "file")):
        if option in options and pin in pins:
            hub, at, commit = str(pins[pin]).partition("@")
            what = f"{hub}@{commit[:_SHOWN]}" if at else f"{PurePath(str(options[option])).name} ({hub[:_SHOWN]})"
            return f"{name} {what}"
    return name
