"""Which part of a long text a call brings: the header of a short message, or three values."""

import pytest

from chalicelib.providers import parts
from chalicelib.providers.contract import Part


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("0500032A0201", Part("2a", 1, 2)),
        ("05 00 03 2a 02 02", Part("2a", 2, 2)),
        ("%05%00%03%2A%02%02", Part("2a", 2, 2)),
        ("060804002A0301", Part("002a", 1, 3)),
        ("0B05040B8400000003CC0201", Part("cc", 1, 2)),
        ("", None),
        (None, None),
        ("06050415820000", None),
        ("0500032A02", None),
        ("0500022A0201", None),
        ("0500032A0203", None),
        ("0500032A0200", None),
        ("0500032A0101", None),
        ("05", None),
        ("050", None),
        ("hello", None),
        ("00" * 300, None),
    ],
)
def test_the_header_of_a_concatenated_short_message_is_read(header: str | None, part: Part | None) -> None:
    assert parts.of_header(header) == part


def test_a_wide_reference_is_another_than_a_narrow_one() -> None:
    narrow, wide = parts.of_header("0500032A0201"), parts.of_header("060804002A0201")
    assert narrow != wide
    assert (narrow, wide) == (Part("2a", 1, 2), Part("002a", 1, 2))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (("34", "2", "3"), Part("34", 2, 3)),
        ((" a-b ", " 1 ", "255"), Part("a-b", 1, 255)),
        (("34", "1", "256"), None),
        (("34", "1", "1"), None),
        (("34", "4", "3"), None),
        (("34", "0", "3"), None),
        (("34", "-1", "3"), None),
        (("34", "one", "3"), None),
        (("34", "٢", "3"), None),
        (("", "1", "3"), None),
        (("x" * 41, "1", "3"), None),
        ((None, None, None), None),
    ],
)
def test_three_values_name_a_part_where_they_make_sense(
    values: tuple[str | None, str | None, str | None], part: Part | None
) -> None:
    assert parts.of_values(*values) == part
