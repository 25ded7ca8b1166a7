"""Which inbound texts are a STOP, a START or a HELP, and nothing else."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

Kind = Literal["stop", "start", "help"]

# English and French. Twilio (advanced opt-out, error 23002, Proxy opt-out keywords), Telnyx (opt-in/out: STOP ALL) and
# AWS End User Messaging (required keywords: OPT-OUT, REMOVE, TD, AIDE) publish these; an account may have its own.
_STOP = ("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "REMOVE")
_STOP_FRENCH = ("TD", "ARRET", "ARRETE", "ARRETT")
DEFAULT: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "stop": frozenset(_STOP + _STOP_FRENCH),
        "start": frozenset({"START", "UNSTOP", "YES"}),
        "help": frozenset({"HELP", "INFO", "AIDE"}),
    }
)

# A START only from a number that is opted out: from anyone else it answers an agent's question.
START_ONLY_WHEN_OUT = frozenset({"YES"})

_QUOTES = "\"'`´‘’‚‛“”„‟‹›«»「」"
_ENDINGS = ".,;:!?…。！？"
_LONGEST = 100


def classify(text: str, words: Mapping[Kind, frozenset[str]] = DEFAULT) -> Kind | None:
    """The keyword that the whole text is, None for any other text; a word listed twice counts as the first of
    stop, start, help.

    Case, accents, width, surrounding blanks and quotes, and punctuation at the end make no difference.
    """
    word = _bare(text)
    kinds: tuple[Kind, ...] = ("stop", "start", "help")
    return next((kind for kind in kinds if word and word in _folded(words.get(kind, frozenset()))), None)


def is_start_only_when_out(text: str) -> bool:
    """Whether a text classified as start counts as one only while its sender is opted out."""
    return _bare(text) in _folded(START_ONLY_WHEN_OUT)


@lru_cache(maxsize=256)
def _folded(words: frozenset[str]) -> frozenset[str]:
    return frozenset(_bare(word) for word in words) - {""}


def _bare(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    # Accents, and marks that nobody sees: zero-width, direction, variation.
    visible = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    words = " ".join(visible.split())
    return words.lstrip(_QUOTES + " ").rstrip(_QUOTES + _ENDINGS + " ")
