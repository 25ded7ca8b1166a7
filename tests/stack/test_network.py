"""Nothing of the running desk can be reached from another machine."""

import os
from pathlib import Path

import requests

from tests.stack.conftest import Stack


def test_the_running_desk_listens_on_the_loopback_address_alone(stack: Stack) -> None:
    engine, simulator = stack.laptop.engine, stack.laptop.simulator
    assert engine
    assert simulator
    assert requests.get(f"{stack.api}/health", timeout=30).status_code == 200  # so that a function is running, too
    assert descendants(engine.process.pid)
    assert listening(engine.process.pid) == {f"0100007F:{stack.laptop.port:04X}"}
    assert listening(simulator.pid) == {f"0100007F:{stack.laptop.simulator_port:04X}"}


def listening(pid: int) -> set[str]:
    """Addresses, in the kernel's hexadecimal form, on which a process or a child of it accepts connections."""
    inodes = set()
    for process in [pid, *descendants(pid)]:
        for file in Path(f"/proc/{process}/fd").iterdir():
            inodes.add(os.readlink(file))
    rows = [
        row.split()
        for family in ("tcp", "tcp6", "udp", "udp6")
        for row in Path(f"/proc/net/{family}").read_text().splitlines()[1:]
    ]
    open_states = {"0A", "07"}  # a listening TCP socket, an unconnected UDP one
    return {row[1] for row in rows if row[3] in open_states and f"socket:[{row[9]}]" in inodes}


def descendants(pid: int) -> list[int]:
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [*children, *(deeper for child in children for deeper in descendants(child))]
