"""Which engines and kinds of device the rows of a comparison come from; those of different ones are not mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from benchbench.core.errors import Fault

ON_REQUEST = "rows of different engines or devices are compared only on request"
MOST_STAGES = 3
"""Stages that a message names of each kind of device."""


class Ran(Protocol):
    """What is known of where a cell was made."""

    @property
    def label(self) -> str:
        """The row's name."""
        ...

    @property
    def engine(self) -> str:
        """What scored it."""
        ...

    @property
    def device_kind(self) -> str:
        """Kind of device that it was scored on."""
        ...

    @property
    def devices(self) -> Mapping[str, Mapping[str, str]]:
        """Role -> stage -> kind of device, of every stage that the role rests on."""
        ...


def machine_faults(cells: Sequence[Ran]) -> list[Fault]:
    """What was scored on different machines, or rests on stages of different kinds of device; none where all is one."""
    machines = dict.fromkeys(map(_machine, cells))
    faults = []
    if len(machines) > 1:
        for machine in machines:
            labels = dict.fromkeys(cell.label for cell in cells if _machine(cell) == machine)
            faults.append(Fault(", ".join(labels), f"scored with {machine}; {ON_REQUEST}"))
    for role in _mixed_roles(cells):
        with_role = [cell for cell in cells if cell.devices.get(role)]
        for kinds in dict.fromkeys(_kinds(cell, role) for cell in with_role):
            alike = [cell for cell in with_role if _kinds(cell, role) == kinds]
            on = " and ".join(f"{kind} ({_stages(alike, role, kind)})" for kind in kinds)
            labels = dict.fromkeys(cell.label for cell in alike)
            faults.append(Fault(", ".join(labels), f"its {role} rests on stages that ran on {on}; {ON_REQUEST}"))
    return faults


def machine_marks(label: str, cells: Sequence[Ran]) -> list[str]:
    """What a reader must know of one label where the cells come from different machines."""
    of_label = [cell for cell in cells if cell.label == label]
    marks: list[str] = []
    if len({_machine(cell) for cell in cells}) > 1:
        marks += dict.fromkeys(f"scored with {_machine(cell)}" for cell in of_label)
    for role in _mixed_roles(cells):
        marks += dict.fromkeys(
            f"{role} from {' and '.join(_kinds(cell, role))}" for cell in of_label if cell.devices.get(role)
        )
    return marks


def _machine(cell: Ran) -> str:
    return f"{cell.engine} on {cell.device_kind}"


def _kinds(cell: Ran, role: str) -> tuple[str, ...]:
    """The kinds of device behind a role of a cell; none where it has no such role."""
    return tuple(sorted(set(cell.devices.get(role, {}).values())))


def _mixed_roles(cells: Sequence[Ran]) -> list[str]:
    """Roles that rest on other kinds of device in one cell than in another; a cell without the role says nothing."""
    roles = dict.fromkeys(role for cell in cells for role in cell.devices)
    return [role for role in roles if len({_kinds(cell, role) for cell in cells} - {()}) > 1]


def _stages(cells: Sequence[Ran], role: str, kind: str) -> str:
    """Some of the stages of one kind of device behind a role."""
    return some(sorted({stage for cell in cells for stage, on in cell.devices[role].items() if on == kind}))


def some(stages: Sequence[str]) -> str:
    """The first few stages, as a message names them."""
    return ", ".join([*stages[:MOST_STAGES], *["..."] * (len(stages) > MOST_STAGES)])
