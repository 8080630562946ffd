"""`bench env`."""

from __future__ import annotations

from benchbench.cli import arguments
from benchbench.cli.output import print_json, stdout


def env(device: arguments.Device = "auto", as_json: arguments.Json = False) -> None:
    """Print what may move numbers: versions, device, variables."""
    from benchbench.run.machine import choose_machine
    from benchbench.stages.environment import environment

    machine = choose_machine(device, None, [])
    recorded = environment(machine.devices[0])
    if as_json:
        print_json(recorded)
        return
    out = stdout()
    for key, value in recorded.items():
        if isinstance(value, dict):
            for name, inner in value.items():
                out.print(f"{name}: {inner}", highlight=False, markup=False)
        else:
            out.print(f"{key}: {value}", highlight=False, markup=False)
