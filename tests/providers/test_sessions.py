"""What is kept between the calls of an account, by several threads at once."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.providers.contract import ProviderAccount
from chalicelib.providers.sessions import Sessions

ACCOUNT = ProviderAccount("skebby", "+14155550199", {"username": "desk", "password": "secret"})


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that give way to each other after each step, not after milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_texts_that_leave_at_the_same_time_share_a_session_or_have_none() -> None:
    sessions = Sessions()

    def often(step: Callable[[], object]) -> set[object]:
        return {step() for _ in range(10_000)}

    with ThreadPoolExecutor(6) as pool:
        steps = (lambda: sessions.get(ACCOUNT), lambda: sessions.keep(ACCOUNT, "KEY"), lambda: sessions.forget(ACCOUNT))
        seen = list(pool.map(often, steps * 2))
    assert seen[0] | seen[3] <= {"KEY", None}


def test_the_account_that_was_longest_unused_is_forgotten_first() -> None:
    sessions = Sessions(limit=2)
    one, two, three = (ProviderAccount("skebby", "+1", {"username": name}) for name in "abc")
    sessions.keep(one, "1")
    sessions.keep(two, "2")
    assert sessions.get(one) == "1"
    sessions.keep(three, "3")
    assert (sessions.get(one), sessions.get(two), sessions.get(three)) == ("1", None, "3")
