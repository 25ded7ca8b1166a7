"""What each page says of a provider's error codes is what the code makes of them: two statements, written apart."""

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "providers"
_KINDS = "recipient|opted_out|sender|content|credentials|funds|throttled|unavailable|unknown_outcome|configuration"
_ROW = re.compile(rf"\| ({_KINDS}) \|(.*)\| [^|]* \|")
# Module, page, and the shape of a code there; whatever else stands in a row, such as an HTTP status, has another.
TABLES = [
    ("twilio", "twilio", r"[0-9]{5}"),
    ("skebby_gateway", "skebby", r"[0-9]{2}"),
    ("clicksend", "clicksend", r"[A-Z]+(?:_[A-Z]+)*"),
    ("plivo", "plivo", r"[0-9]{2,4}"),
    ("clickatell", "clickatell", r"[0-9]{1,3}"),
    ("infobip", "infobip", r"[A-Z][A-Z_]+[A-Z]|E40[13]"),
]


def named(page: str, code: str) -> Iterator[tuple[str, str]]:
    """Code and kind, as the rows of a page's table have them; a range such as 21–23 stands for all in it."""
    for line in (PAGES / f"{page}.md").read_text().splitlines():
        if row := _ROW.fullmatch(line):
            for first, last in re.findall(rf"\b({code})(?:–({code}))?(?![A-Za-z0-9_])", row[2]):
                codes = map(str, range(int(first), int(last) + 1)) if last else [first]
                yield from ((one, row[1]) for one in codes)


@pytest.mark.parametrize(("module", "page", "code"), TABLES)
def test_every_code_has_the_kind_that_the_page_tells(module: str, page: str, code: str) -> None:
    errors: Mapping[str, tuple[str, str]] = importlib.import_module(f"chalicelib.providers.{module}").ERRORS
    told = set(named(page, code))
    assert {(one, kind) for one, (kind, _) in errors.items()} <= told
    assert all(words.endswith(".") for _, words in errors.values())
