"""How many segments a text takes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outbound.segments import measure

SMILE = "\U0001f600"


@pytest.mark.parametrize(
    ("text", "segments", "units"),
    [
        ("", 1, 0),
        ("a" * 160, 1, 160),
        ("a" * 161, 2, 161),
        ("a" * 306, 2, 306),
        ("a" * 307, 3, 307),
        ("€" * 80, 1, 160),
        ("€" * 81, 2, 162),
        ("a" * 159 + "€", 2, 161),
        ("a" * 152 + "€" + "a" * 152, 3, 306),
        ("a" * 151 + "€" + "a" * 153, 2, 306),
        ("€" * 152, 2, 304),
        ("€" * 153, 3, 306),
        ("åäöÅÄÖñÑüÜßàèéìòùÇΔΩ\r\n", 1, 22),
        ("\f^{}\\[~]|€", 1, 20),
    ],
)
def test_gsm_texts_are_counted_in_septets(text: str, segments: int, units: int) -> None:
    assert measure(text) == ("GSM-7", segments, units, ())


@pytest.mark.parametrize(
    ("text", "segments", "units", "forcing"),
    [
        ("ą" * 70, 1, 70, ("ą",)),
        ("ą" * 71, 2, 71, ("ą",)),
        ("ą" * 134, 2, 134, ("ą",)),
        ("ą" * 135, 3, 135, ("ą",)),
        (SMILE + "a" * 68, 1, 70, (SMILE,)),
        (SMILE + "a" * 69, 2, 71, (SMILE,)),
        ("x" * 66 + SMILE + "y" * 66, 3, 134, (SMILE,)),
        ("x" * 65 + SMILE + "y" * 67, 2, 134, (SMILE,)),
        ("[ç]" + "€" * 67, 1, 70, ("ç",)),
        ("b“a” “b” –", 1, 10, ("“", "”", "–")),
        ("ç" + "Ç" * 69, 1, 70, ("ç",)),
        ("\t", 1, 1, ("\t",)),
        ("\u00a0", 1, 1, ("\u00a0",)),
        ("`", 1, 1, ("`",)),
        ("\x1b", 1, 1, ("\x1b",)),
        ("\ud83d", 1, 1, ("\ud83d",)),
    ],
)
def test_other_texts_are_counted_in_utf_16_units_and_the_reason_is_named(
    text: str, segments: int, units: int, forcing: tuple[str, ...]
) -> None:
    assert measure(text) == ("UCS-2", segments, units, forcing)


def test_the_gsm_alphabet_has_its_127_characters_and_ten_of_the_extension() -> None:
    widths = [measured.units for c in range(0x10000) if (measured := measure(chr(c))).encoding == "GSM-7"]
    assert (widths.count(1), widths.count(2), len(widths)) == (127, 10, 137)


@given(st.text(alphabet=st.sampled_from("ab€[ą" + SMILE), max_size=700))
def test_parts_hold_the_text_and_waste_one_unit_each_at_most(text: str) -> None:
    encoding, segments, units, forcing = measure(text)
    single, part = (160, 153) if encoding == "GSM-7" else (70, 67)
    assert bool(forcing) == (encoding == "UCS-2")
    if units <= single:
        assert segments == 1
    else:
        assert math.ceil(units / part) <= segments <= math.ceil(units / (part - 1))
