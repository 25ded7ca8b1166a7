"""The command: `python -m dev.providers matrix` and `python -m dev.providers new NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dev.providers import matrix, scaffold

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Carry out one command; 1 where it could not be."""
    parser = argparse.ArgumentParser(prog="python -m dev.providers")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("matrix", help=f"write {matrix.PAGE} from the specifications")
    new = commands.add_parser("new", help="begin a provider: its file, table, page and simulator")
    new.add_argument("name", help="lower case letters and digits, such as acme")
    new.add_argument("--label", help="the name that people read, such as 'Acme Telecom'")
    given = parser.parse_args(arguments)
    if given.command == "new":
        try:
            made = scaffold.begin(ROOT, given.name, given.label or given.name.capitalize())
        except scaffold.Impossible as reason:
            print(reason, file=sys.stderr)
            return 1
        print("\n".join(str(path.relative_to(ROOT)) for path in made))
        print("Next: docs/providers/adding.md. When the specification stands: python -m dev.providers matrix")
        return 0
    (ROOT / matrix.PAGE).write_text(matrix.page())
    print(matrix.PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
