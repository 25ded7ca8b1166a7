"""Teams: who is in one is a member of each queue that the team is in, for as long as one reason is left."""

from typing import Any

import pytest

from chalicelib.store import db, members, table, teams
from chalicelib.store.transaction import Transaction
from tests.api.conftest import Api

UNKNOWN_TEAM = "tea_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_AGENT = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Office:
    """A team, a queue and two agents."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.team = api.must("supervisor", "POST", "/teams", {"name": "Tier 1"})["id"]
        self.queue = api.queue()["id"]
        self.ada, self.bob = api.agent("Ada")["id"], api.agent("Bob")["id"]

    def in_team(self, **change: list[str]) -> Any:
        return self.api.must("supervisor", "POST", f"/teams/{self.team}/agents", change)

    def in_queue(self, **change: list[str]) -> Any:
        return self.api.must("supervisor", "POST", f"/sms/queues/{self.queue}/agents", change)

    def reasons(self) -> dict[str, tuple[bool, list[str]]]:
        """Why each member of the queue is there; HEADs and rows must agree."""
        data = self.api.must("supervisor", "GET", f"/sms/queues/{self.queue}/agents")["data"]
        for agent in (self.ada, self.bob):
            head = db.get(table.agent(agent)) or {}
            assert (self.queue in head.get("queues", ())) == (agent in [one["agent_id"] for one in data])
        return {one["agent_id"]: (one["direct"], one["teams"]) for one in data}


@pytest.fixture
def office(api: Api) -> Office:
    return Office(api)


def test_a_team_is_made_changed_and_listed(api: Api) -> None:
    made = api.must("supervisor", "POST", "/teams", {"name": "Tier 1"})
    assert made | {"id": ""} == {"id": "", "name": "Tier 1", "description": "", "version": 1}
    changed = api.must("supervisor", "PATCH", f"/teams/{made['id']}", {"description": "First"}, If_Match="1")
    assert api.must("supervisor", "GET", "/teams")["data"] == [changed]
    taken = api("supervisor", "POST", "/teams", {"name": "TIER 1"})
    assert (taken.status, taken.pointers) == (422, ["/name"])


def test_members_of_a_team_become_members_of_its_queues_in_either_order(office: Office) -> None:
    assert office.in_team(add=[office.ada]) == {"added": [office.ada], "removed": []}
    changed = office.in_queue(add_teams=[office.team])
    assert changed == {"added": [], "removed": [], "added_teams": [office.team], "removed_teams": []}
    office.in_team(add=[office.bob])
    assert office.reasons() == {office.ada: (False, [office.team]), office.bob: (False, [office.team])}
    listed = office.api.must("supervisor", "GET", f"/teams/{office.team}/agents")["data"]
    assert [one["agent_id"] for one in listed] == [office.ada, office.bob]


def test_leaving_the_team_is_leaving_its_queues(office: Office) -> None:
    office.in_team(add=[office.ada, office.bob])
    office.in_queue(add_teams=[office.team])
    assert office.in_team(remove=[office.ada]) == {"added": [], "removed": [office.ada]}
    assert set(office.reasons()) == {office.bob}
    assert office.in_queue(remove_teams=[office.team])["removed_teams"] == [office.team]
    assert office.reasons() == {}
    assert office.in_queue(remove_teams=[office.team])["removed_teams"] == []


def test_an_agent_stays_in_a_queue_while_one_reason_is_left(office: Office) -> None:
    office.in_team(add=[office.ada])
    office.in_queue(add=[office.ada], add_teams=[office.team])
    assert office.reasons() == {office.ada: (True, [office.team])}
    other = office.api.must("supervisor", "POST", "/teams", {"name": "Tier 2"})["id"]
    office.api.must("supervisor", "POST", f"/teams/{other}/agents", {"add": [office.ada]})
    office.in_queue(add_teams=[other])
    assert office.reasons() == {office.ada: (True, sorted([office.team, other]))}
    assert office.in_queue(remove=[office.ada])["removed"] == [office.ada]
    office.in_queue(remove_teams=[other])
    assert office.reasons() == {office.ada: (False, [office.team])}
    office.in_team(remove=[office.ada])
    assert office.reasons() == {}


def test_a_deleted_team_leaves_its_queues(office: Office) -> None:
    office.in_team(add=[office.ada, office.bob])
    office.in_queue(add=[office.bob], add_teams=[office.team])
    assert office.api("supervisor", "DELETE", f"/teams/{office.team}").status == 204
    assert office.reasons() == {office.bob: (True, [])}
    assert "teams" not in (db.get(table.agent(office.ada)) or {})
    assert list(db.query_all(table.queue(office.queue)["pk"], "T#")) == []
    assert office.api("supervisor", "DELETE", f"/teams/{office.team}").status == 404
    assert office.api.must("supervisor", "POST", "/teams", {"name": "tier 1"})


def test_a_deletion_that_was_cut_off_is_completed_by_the_next(office: Office, monkeypatch: Any) -> None:
    office.in_team(add=[office.ada])
    office.in_queue(add_teams=[office.team])
    with monkeypatch.context() as broken:
        broken.setattr(teams, "_forget", lambda _team_id: 1 / 0)
        assert office.api("supervisor", "DELETE", f"/teams/{office.team}").status == 500
    assert office.reasons() == {office.ada: (False, [office.team])}
    assert office.api("supervisor", "DELETE", f"/teams/{office.team}").status == 404
    assert office.reasons() == {}


def test_a_deleted_queue_leaves_its_teams(office: Office) -> None:
    office.in_team(add=[office.ada])
    office.in_queue(add_teams=[office.team])
    assert office.api("supervisor", "DELETE", f"/sms/queues/{office.queue}").status == 204
    assert teams.queues_of(office.team) == []
    assert "queues" not in (db.get(table.agent(office.ada)) or {})


def test_a_deleted_agent_leaves_teams_and_queues(office: Office) -> None:
    office.in_team(add=[office.ada])
    office.in_queue(add_teams=[office.team])
    assert office.api("admin", "DELETE", f"/agents/{office.ada}").status == 204
    assert (office.reasons(), members.agents_of("teams", office.team)) == ({}, [])


def test_an_agent_whom_a_plan_names_stays_with_their_teams(office: Office) -> None:
    office.in_team(add=[office.ada])
    account = office.api.account()["id"]
    steps = {"actions": [{"app": "agent", "agent_id": office.ada}]}
    office.api.must("supervisor", "PUT", f"/sms/accounts/{account}/plan", steps, If_Match="1")
    assert office.api("admin", "DELETE", f"/agents/{office.ada}").status == 409
    assert members.agents_of("teams", office.team) == [office.ada]


def test_unknown_teams_and_agents_are_named_and_nothing_changes(office: Office) -> None:
    queue, team = f"/sms/queues/{office.queue}/agents", f"/teams/{office.team}/agents"
    answer = office.api("supervisor", "POST", queue, {"add": [office.ada], "add_teams": [office.team, UNKNOWN_TEAM]})
    assert (answer.status, answer.pointers) == (422, ["/add_teams/1"])
    both = office.api("supervisor", "POST", queue, {"add_teams": [office.team], "remove_teams": [office.team]})
    assert (both.status, both.pointers) == (422, ["/add_teams/0"])
    answer = office.api("supervisor", "POST", team, {"add": [office.ada, UNKNOWN_AGENT]})
    assert (answer.status, answer.pointers) == (422, ["/add/1"])
    assert (office.reasons(), members.agents_of("teams", office.team)) == ({}, [])


def test_a_team_that_would_be_too_much_for_somebody_is_refused_whole(office: Office) -> None:
    office.in_team(add=[office.ada, office.bob])
    Transaction().update(table.agent(office.bob), put={"queues": {f"que_{n}" for n in range(90)}}).commit()
    path = f"/sms/queues/{office.queue}/agents"
    answer = office.api("supervisor", "POST", path, {"add_teams": [office.team]})
    assert (answer.status, answer.body["code"]) == (409, "too-many-memberships")
    assert answer.body["agents"] == [office.bob]
    assert teams.queues_of(office.team) == []


def test_one_who_leaves_the_team_before_the_queue_takes_them_is_not_taken(office: Office, monkeypatch: Any) -> None:
    office.in_team(add=[office.ada, office.bob])
    add = members.add

    def after_ada_left(*arguments: Any, **named: Any) -> bool:
        if arguments[2] == office.ada:
            teams.remove_member(office.team, office.ada)
        return add(*arguments, **named)

    monkeypatch.setattr(members, "add", after_ada_left)
    office.in_queue(add_teams=[office.team])
    assert set(office.reasons()) == {office.bob}


def test_a_team_in_a_queue_brings_its_members_what_waits_there(team: Any) -> None:
    ada = team.agent("Ada")
    queue = team.queue(strategy="rrmemory")
    holder = team.agent("Bob", online=False)
    team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add": [holder]})
    team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    team.text("+15005550101")
    team.step("+15005550101")
    assert team.offers(ada) == []
    group = team.must("admin", "POST", "/teams", {"name": "Tier 1"})["id"]
    team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add_teams": [group]})
    team.must("admin", "POST", f"/teams/{group}/agents", {"add": [ada]})
    assert len(team.offers(ada)) == 1
