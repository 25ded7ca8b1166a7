"""Which inbound texts are a STOP, a START or a HELP."""

import pytest

from chalicelib.inbound.keywords import DEFAULT, classify, is_start_only_when_out

STOPS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "REMOVE"]
STOPS_FRENCH = ["TD", "ARRET", "ARRETE", "ARRETT"]


@pytest.mark.parametrize("word", [*STOPS, *STOPS_FRENCH, "STOP ALL"])
def test_words_of_leaving_are_stops(word: str) -> None:
    assert (classify(word), classify(word.lower()), classify(f" {word.title()}.\n")) == ("stop", "stop", "stop")


@pytest.mark.parametrize(("word", "kind"), [("START", "start"), ("UNSTOP", "start"), ("YES", "start")])
def test_words_of_coming_back_are_starts(word: str, kind: str) -> None:
    assert classify(word) == kind


@pytest.mark.parametrize("word", ["HELP", "INFO", "AIDE"])
def test_words_of_asking_are_helps(word: str) -> None:
    assert classify(word) == "help"


@pytest.mark.parametrize(
    "text",
    [
        "ARRÊT",
        "arrêté",
        "STOP!!!",
        "“Stop”",
        "'stop'.",
        '"stop."',
        "«STOP»",
        "\tstop \r\n",
        "STOP",
        "st\u200bop\ufe0f",
        "\u200fstop",
        "stop   all",
        "Stop ALL.",
        "stop\u00a0all",
    ],
)
def test_dress_makes_no_difference(text: str) -> None:
    assert classify(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "...",
        '""',
        "STOP PLEASE",
        "please stop",
        "stopp",
        "non-stop",
        "?stop",
        "STOP" * 50,
        "help me",
        "s t o p",
    ],
)
def test_longer_texts_are_no_keywords(text: str) -> None:
    assert classify(text) is None


def test_only_yes_depends_on_having_left() -> None:
    starts = {word: is_start_only_when_out(f" “{word.lower()}!” ") for word in DEFAULT["start"]}
    assert starts == {"START": False, "UNSTOP": False, "YES": True}


def test_an_account_may_have_words_of_its_own() -> None:
    words = {"stop": frozenset({"Bästa", "..."}), "help": frozenset({"basta", "Hjälp"})}
    assert (classify("BASTA", words), classify("hjalp!", words), classify("stop", words)) == ("stop", "help", None)
