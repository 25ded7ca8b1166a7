"""Interactions over HTTP: lists page by page, filters, threads, and who may see them."""

import json

import pytest

from tests.team import Team

NUMBERS = [f"+155550001{n:02}" for n in range(5)]


@pytest.fixture
def five(team: Team) -> list[str]:
    """Five conversations, the oldest first."""
    for number in NUMBERS:
        team.text(number)
    return [team.interaction(number)["interaction_id"] for number in NUMBERS]


def listed(team: Team, query: str = "", who: str = "admin") -> list[str]:
    """All pages of two."""
    found, cursor = [], ""
    while True:
        path = f"/sms/interactions?account_id={team.account['id']}&limit=2{query}{cursor}"
        page = team.must(who, "GET", path)
        assert len(page["data"]) <= 2
        found += [one["id"] for one in page["data"]]
        if not page["page"]["has_more"]:
            return found
        cursor = f"&cursor={page['page']['next_cursor']}"


def test_the_newest_come_first_page_by_page(team: Team, five: list[str]) -> None:
    assert listed(team) == five[::-1]
    team.text(NUMBERS[0], "again")
    assert listed(team)[0] == five[0]
    assert listed(team, "&sort=started") == five[::-1]


def test_filters_by_status_and_owner(team: Team, five: list[str]) -> None:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent)})
    team.step(NUMBERS[2])
    team.act(agent, "accept", five[2])
    assert listed(team, "&owner=me", agent) == [five[2]]
    assert listed(team, "&owner=none") == [i for i in five[::-1] if i != five[2]]
    team.act(agent, "close", five[2])
    assert listed(team, "&status=closed") == [five[2]]
    assert len(listed(team, "&status=open")) == 4


def test_a_thread_is_read_forwards_and_backwards(team: Team, five: list[str]) -> None:
    for n in range(5):
        team.text(NUMBERS[0], f"text {n}")
    path = f"/sms/interactions/{five[0]}/messages"
    newest = team.must("admin", "GET", f"{path}?limit=2")
    assert [line["text"] for line in newest["data"]] == ["text 3", "text 4"]
    assert newest["page"]["has_more"] is True
    before = team.must("admin", "GET", f"{path}?limit=2&before={newest['data'][0]['n']}")
    assert [line["text"] for line in before["data"]] == ["text 1", "text 2"]
    after = team.must("admin", "GET", f"{path}?after=1&limit=3")
    assert [line["text"] for line in after["data"]] == ["text 0", "text 1", "text 2"]
    assert team.must("admin", "GET", f"{path}?after=6")["data"] == []


def test_a_reply_a_note_and_its_repetition(team: Team, five: list[str]) -> None:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent)})
    team.step(NUMBERS[0])
    path = f"/sms/interactions/{five[0]}"
    missing = team.call(agent, "POST", f"{path}/messages", {"text": "Hi"})
    assert (missing.status_code, json.loads(missing.body)["code"]) == (400, "idempotency-key-required")
    first = team.must(agent, "POST", f"{path}/messages", {"text": "Hi"}, **{"Idempotency-Key": "a"})
    again = team.must(agent, "POST", f"{path}/messages", {"text": "Hi"}, **{"Idempotency-Key": "a"})
    assert first == again
    other = team.call(agent, "POST", f"{path}/messages", {"text": "Other"}, **{"Idempotency-Key": "a"})
    assert (other.status_code, json.loads(other.body)["code"]) == (422, "idempotency-mismatch")
    assert team.interaction(NUMBERS[0])["owner"] == agent, "a reply to an offer accepts it"
    note = team.must(agent, "POST", f"{path}/notes", {"text": "VIP"})
    assert (note["kind"], note["direction"], note["status"]) == ("note", None, None)
    sent = [line for line in team.thread(five[0]) if line.get("direction") == "out"]
    assert len(sent) == 1


@pytest.mark.parametrize("since", ["x", "e30", "eyJrIjoiZGVzayIsInYiOjF9"])
def test_a_forged_cursor_of_the_desk_is_422(team: Team, since: str) -> None:
    agent = team.agent("Ann")
    answer = team.call(agent, "GET", f"/sms/desk?since={since}")
    assert (answer.status_code, json.loads(answer.body)["code"]) == (422, "invalid")


def test_a_cursor_of_another_agent_gives_the_own_desk_whole(team: Team, five: list[str]) -> None:
    ann, bob = team.agent("Ann"), team.agent("Bob")
    cursor = team.desk(ann)["next"]
    assert "interactions" in team.desk(bob, cursor)
