"""The beginning of a provider: a module, a conformance table, a page and a simulator that agree with each other.

They speak a plain JSON API, so that everything passes from the first minute; the author then replaces it, piece by
piece, by what the provider documents.
"""

import re
from pathlib import Path
from string import Template

_TEMPLATES = Path(__file__).parent / "templates"
_FILES = {
    "provider.txt": "chalicelib/providers/{}.py",
    "table.txt": "tests/providers/tables/{}.py",
    "page.txt": "docs/providers/{}.md",
    "simulator.txt": "dev/simulator/providers/{}.py",
}
_REGISTRY, _TABLES = "chalicelib/providers/__init__.py", "tests/providers/tables/__init__.py"
_DEMO, _PAIRS = "dev/demo_accounts.py", "tests/dev/test_simulator_and_product.py"
_DEMO_ACCOUNT = """\
    DemoAccount(
        "$name",
        ("api.$name.example",),
        {"api_key": "a-key-of-$name"},
    ),
"""
_PAIR = '    Pair("$name", failure=(UNDELIVERED, True, False), retry_after=3, check="unproven"),\n'


class Impossible(Exception):
    """The provider cannot be begun; the text says why."""


def begin(root: Path, name: str, label: str) -> list[Path]:
    """Write the files of a provider below `root` and list it; answers what was written. Raises Impossible."""
    if not re.fullmatch(r"[a-z][a-z0-9]{1,29}", name):
        raise Impossible("A name has 2 to 30 lower case letters and digits and begins with a letter.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .&-]{0,39}", label):
        raise Impossible("A label has up to 40 letters, digits, blanks, dots, hyphens and ampersands.")
    made = {root / pattern.format(name): template for template, pattern in _FILES.items()}
    there = [str(path.relative_to(root)) for path in made if path.exists()]
    if there:
        raise Impossible(f"Already there: {', '.join(there)}.")
    words = {"name": name, "label": label, "kind": re.sub(r"[^A-Za-z0-9]", "", name.capitalize())}
    for path, template in made.items():
        path.write_text(Template((_TEMPLATES / template).read_text()).substitute(words))
    _list(root / _REGISTRY, f'    "{name}",\n', r"_NAMES = \(\n(?:    .*\n)*")
    _list(root / _TABLES, f"    {name},\n", r"from tests\.providers\.tables import \(\n(?:    .*\n)*", in_order=True)
    _list(root / _TABLES, f"        {name}.TABLE,\n", r"    for table in \(\n(?:        .*\n)*")
    # Before the declared type, which is the last in each list.
    demo = Template(_DEMO_ACCOUNT).substitute(words)
    _list(root / _DEMO, demo, r"ACCOUNTS = \(\n(?:    .*\n)*?(?=    DemoAccount\(\n        \"custom\")")
    _list(root / _PAIRS, Template(_PAIR).substitute(words), r"PAIRS = \[\n(?:    .*\n)*?(?=    Pair\(\"custom\")")
    return [*made, *(root / path for path in (_REGISTRY, _TABLES, _DEMO, _PAIRS))]


def _list(path: Path, line: str, block: str, *, in_order: bool = False) -> None:
    """Add a line, or several, at the end of a block of lines, or at its place in the alphabet."""
    text = path.read_text()
    found = re.search(block, text)
    if found is None:
        raise Impossible(f"{path.name} has no longer the form that is known here.")
    first, *lines = found.group().splitlines(keepends=True)
    lines = sorted([*lines, line]) if in_order else [*lines, line]
    path.write_text(text[: found.start()] + "".join([first, *lines]) + text[found.end() :])
