"""What supervisors watch: figures of each account, and what lies at agents who are away."""

from typing import Any

import pytest

from chalicelib.routing import realtime
from chalicelib.store import db, table
from tests.calls import counted
from tests.team import Team

NUMBERS = [f"+155550001{n:02}" for n in range(6)]


@pytest.fixture
def desk(team: Team) -> tuple[str, str, list[str]]:
    """Two agents; Ann has two conversations, Bob one, one waits, one is unassigned, one is closed."""
    ann, bob = team.agent("Ann"), team.agent("Bob")
    queue = team.queue(ann, bob)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30})
    found = []
    for number, agent in zip(NUMBERS[:4], (ann, ann, bob, bob), strict=True):
        team.text(number)
        team.step(number)
        found.append(team.interaction(number)["interaction_id"])
        assert team.act(agent, "accept", found[-1]).status_code == 200
    team.act(bob, "close", found[3])
    team.text(NUMBERS[4])
    team.step(NUMBERS[4])
    team.later(31)
    for agent in (ann, bob):
        team.desk(agent)
    team.step(NUMBERS[4])
    team.text(NUMBERS[5])
    team.step(NUMBERS[5])
    found += [team.interaction(number)["interaction_id"] for number in NUMBERS[4:]]
    return ann, bob, found


def figures(team: Team, account: str | None = None) -> dict[str, Any]:
    found = team.must("admin", "GET", "/sms/realtime")["data"]
    return next(one for one in found if one["account_id"] == (account or team.account["id"]))


def away(team: Team, query: str = "") -> list[str]:
    path = f"/sms/interactions?account_id={team.account['id']}&owner=offline{query}"
    return [one["id"] for one in team.must("admin", "GET", path)["data"]]


def test_each_account_has_its_figures(team: Team, desk: tuple[str, str, list[str]]) -> None:
    first = team.account
    team.open_account()
    assert figures(team) == {
        "account_id": team.account["id"],
        "account_key": team.account["key"],
        **dict.fromkeys(("open", "waiting", "unassigned", "open_at_offline_agents"), 0),
        "longest_wait_since": None,
        "truncated": False,
    }
    found = figures(team, first["id"])
    names = ("open", "waiting", "unassigned", "open_at_offline_agents", "truncated")
    assert tuple(found[name] for name in names) == (5, 1, 1, 0, False)
    team.account = first
    since = team.must("admin", "GET", f"/sms/interactions/{desk[2][4]}")["waiting_since"]
    assert found["longest_wait_since"] == since


def test_an_owner_who_is_offline_silent_off_the_account_or_deleted_is_away(
    team: Team, desk: tuple[str, str, list[str]]
) -> None:
    ann, bob, found = desk
    assert away(team) == []
    team.presence(ann, "paused", "lunch")
    assert away(team) == [], "who is paused is there"
    team.presence(ann, "offline")
    assert (away(team), figures(team)["open_at_offline_agents"]) == ([found[1], found[0]], 2)
    assert away(team, "&sort=started") == [found[1], found[0]]
    team.later(61)
    assert away(team) == [found[2], found[1], found[0]], "a silent agent is offline"
    team.presence(ann, "online")
    team.presence(bob, "online")
    assert away(team) == []
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"remove": [bob]})
    assert away(team) == [found[2]]
    team.must("admin", "DELETE", f"/agents/{ann}")
    assert (away(team), figures(team)["open_at_offline_agents"]) == ([found[2], found[1], found[0]], 3)


def test_what_is_closed_is_not_read(team: Team, desk: tuple[str, str, list[str]]) -> None:
    """However much is past: an index partition of its own holds what is open."""
    account = db.get(table.configuration("account", team.account["id"])) or {}
    for _ in range(3):
        with counted() as calls:
            open_now = realtime.of_accounts([account], team.now)
        assert (open_now[0]["open"], calls) == (5, ["Query", "BatchGetItem"])
        for n in range(3):
            team.text(f"+1555501{n:04}", "STOP")  # stored in an interaction that is closed at once


def test_no_more_than_a_bound_is_counted(
    team: Team, desk: tuple[str, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "REALTIME_MOST", 5)
    assert (figures(team)["open"], figures(team)["truncated"]) == (5, False)
    monkeypatch.setattr(realtime, "REALTIME_MOST", 4)
    assert (figures(team)["open"], figures(team)["truncated"]) == (4, True)


def test_open_and_closed_are_listed_together_in_the_order_of_their_last_messages(
    team: Team, desk: tuple[str, str, list[str]]
) -> None:
    _, bob, found = desk
    team.text(NUMBERS[2], "again")
    wanted = [found[2], found[5], found[4], found[3], found[1], found[0]]
    for limit in (1, 2, 5, 6):
        seen, cursor = [], ""
        while True:
            path = f"/sms/interactions?account_id={team.account['id']}&limit={limit}{cursor}"
            page = team.must(bob, "GET", path)
            seen += [one["id"] for one in page["data"]]
            if not page["page"]["has_more"]:
                break
            cursor = f"&cursor={page['page']['next_cursor']}"
        assert seen == wanted, f"pages of {limit}"
