"""The bench: `python -m bench` on the laptop's stack, `python -m bench --counts` the counting part on moto."""

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bench import budgets, on_moto
from bench.budgets import CALLS, HEADER, ROUTING, Line
from bench.paths import Desk, Pass, Paths, fill

ROOT = Path(__file__).resolve().parents[1]
# How many conversations more must not make a path dearer; moto's transactions slow down with its table.
ROWS, ROWS_ON_MOTO = 200, 20
# The customers' numbers of each walk before and after.
FIRST, AGAIN = ("+1555031", "+1555032", "+1555033"), ("+1555041", "+1555042", "+1555043")


def count(desk: Desk, rows: int, walks: int) -> list[Line]:
    """The calls of every path, and again when the table holds more rows."""
    few = fewest(desk, FIRST[:walks], CALLS)
    fill(desk, rows)
    many = fewest(desk, AGAIN[:walks], {name: one.calls for name, one in few.items()})
    calls = [Line(name, budget, few[name].calls, str(few[name])) for name, budget in CALLS.items()]
    return [*calls, *(Line(f"{name}, {rows} more rows", few[name].calls, many[name].calls) for name in CALLS)]


def fewest(desk: Desk, prefixes: tuple[str, ...], most: Mapping[str, int]) -> dict[str, Pass]:
    """The cheapest pass of each path; walked again while one costs more than `most`.

    A cache that comes to the end of its 25 s costs one walk a read more; a path that is too dear costs it in all.
    """
    found: dict[str, Pass] = {}
    for prefix in prefixes:
        for name, one in Paths(desk, prefix).walk().items():
            found[name] = min(found.get(name, one), one, key=lambda either: either.calls)
        if all(one.calls <= most[name] for name, one in found.items()):
            break
    return found


def counts() -> list[Line]:
    """The part that CI runs: the calls of the real handlers on moto."""
    with on_moto.desk() as desk:
        return count(desk, ROWS_ON_MOTO, walks=1)


def everything() -> list[Line]:
    """Start-up and CPU on this machine, then calls and transitions of the deployed functions."""
    from bench import routing, start_up, work
    from bench.on_laptop import LaptopDesk
    from dev.laptop import Laptop

    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(Path(folder), ROOT / "build" / "local", free_port(), free_port(), say)
        try:
            desk = LaptopDesk(laptop, laptop.start())
            say("counting the calls of every path")
            found = count(desk, ROWS, walks=3)
            say("routing")
            found += budgets.lines(ROUTING, routing.measure(desk))
        finally:
            laptop.stop()
    say("start-up and CPU")
    return [*found, *start_up.measure(ROOT / "build" / "local" / "code.zip"), work.measure()]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--counts", action="store_true", help="count calls on moto only")
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    found = counts() if parser.parse_args().counts else everything()
    print(HEADER, *found, sep="\n")
    broken = budgets.broken(found)
    print(f"{len(found)} budgets, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
