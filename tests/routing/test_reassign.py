"""Supervisors give interactions to agents and into queues, whoever has them and wherever they wait."""

import json
from typing import Any

import pytest

from chalicelib.store import db, table
from tests.calls import before
from tests.team import Team, executions

ANN, BEN, CAT = "+15005550010", "+15005550011", "+15005550012"
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def three(team: Team) -> tuple[str, str, str]:
    """Two agents in the exclusive queue of the plan, and one who is in no queue."""
    first, second, third = team.agent("Ann"), team.agent("Bob"), team.agent("Cid")
    team.plan({"app": "queue", "queue_id": team.queue(first, second, strategy="rrmemory"), "timeout": 60})
    token = team.must("admin", "POST", "/tokens", {"name": "b", "role": "supervisor", "agent_id": third})
    team.tokens["boss"] = token["secret"]
    return first, second, third


def texted(team: Team, address: str = ANN) -> str:
    team.text(address)
    team.step(address)
    return team.interaction(address)["interaction_id"]


def accepted(team: Team, agent: str, address: str = ANN) -> str:
    interaction = texted(team, address)
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def reassign(team: Team, interaction: str, who: str = "boss", **target: str) -> dict[str, Any]:
    return team.must(who, "POST", f"/sms/interactions/{interaction}/reassign", target)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.body)["code"]


def head(agent: str) -> dict[str, Any]:
    return db.get(table.agent(agent)) or {}


def test_what_is_read_goes_to_the_agent_without_asking_and_the_old_tab_closes(
    team: Team, three: tuple[str, str, str]
) -> None:
    first, _, third = three
    interaction = accepted(team, first)
    after = reassign(team, interaction, agent_id=third)
    assert (after["owner"], after["last_owner"], after["stage"]) == (third, first, "none")
    assert (head(first)["open_count"], head(third)["open_count"]) == (0, 0)
    assert team.desk(first)["interactions"] == []
    assert [one["id"] for one in team.desk(third)["interactions"]] == [interaction]
    assert "Assigned to Cid by Cid" in team.events(interaction)
    assert executions() == [f"{interaction}-1"], "nothing is unread, nobody is asked"
    n = team.interaction(ANN)["n"]
    assert reassign(team, interaction, agent_id=third) == after
    assert team.interaction(ANN)["n"] == n


def test_who_is_given_what_they_are_rung_for_is_rung_for_the_next_text(team: Team, three: tuple[str, str, str]) -> None:
    first, second, _ = three
    team.presence(second, "offline")
    rung, waiting = texted(team, ANN), texted(team, BEN)
    assert head(first)["ringing"] == rung
    reassign(team, rung, agent_id=first)
    assert head(first)["ringing"] == waiting


def test_what_is_unread_is_offered_to_the_agent_first_even_offline(team: Team, three: tuple[str, str, str]) -> None:
    first, _, third = three
    interaction = accepted(team, first)
    team.text(ANN, "Are you there?")
    team.presence(third, "offline")
    reassign(team, interaction, "admin", agent_id=third)
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("assigned_agent", 10)
    team.presence(third, "online")
    offer = team.desk(third)["offers"][0]
    assert (offer["interaction_id"], offer["reason"]) == (interaction, "assigned by a supervisor")
    assert "Assigned to Cid by a supervisor" in team.events(interaction)
    assert reassign(team, interaction, agent_id=third)["stage"] == "assigned_agent", "twice is once"
    assert team.act(third, "accept", interaction).status_code == 200
    assert (team.interaction(ANN)["owner"], team.interaction(ANN)["unread_count"]) == (third, 0)


def test_after_the_agent_it_goes_on_as_any_routing_does(team: Team, three: tuple[str, str, str]) -> None:
    _, _, third = three
    interaction = texted(team)
    reassign(team, interaction, agent_id=third)
    assert team.step(ANN)["wait"] == "assigned_agent"
    team.later(10.001)
    assert team.step(ANN)["wait"] in ("assigned_queue", "plan_queue")
    assert team.interaction(ANN).get("owner") is None


def test_a_ring_ends_and_rings_for_the_next_text(team: Team, three: tuple[str, str, str]) -> None:
    first, second, third = three
    team.presence(second, "offline")
    interaction = texted(team)
    texted(team, BEN)
    assert (team.interaction(ANN)["ring_agent"], "ring_agent" in team.interaction(BEN)) == (first, False)
    reassign(team, interaction, agent_id=third)
    assert db.get(table.directed(first, interaction)) is None
    assert team.interaction(BEN)["ring_agent"] == first
    assert team.step(ANN)["wait"] == "assigned_agent"


def test_what_is_unassigned_is_unassigned_no_longer(team: Team, three: tuple[str, str, str]) -> None:
    _, _, third = three
    team.plan()
    interaction = texted(team)
    assert team.offers(third) == [interaction]
    since = team.interaction(ANN)["waiting_since"]
    reassign(team, interaction, agent_id=third)
    assert list(db.query_all(table.account(team.account["id"])["pk"], "U#")) == []
    assert team.interaction(ANN)["waiting_since"] == since, "waiting since the text, not since the reassignment"
    assert team.step(ANN)["wait"] == "assigned_agent"


def test_a_hand_over_that_is_under_way_ends(team: Team) -> None:
    rule = {"enabled": True, "timeout": 30}
    team.open_account(transfer={"agent": rule, "queue": rule})
    first, second, third = team.agent("Ann"), team.agent("Bob"), team.agent("Cid")
    team.plan({"app": "queue", "queue_id": team.queue(first), "timeout": 60})
    interaction = accepted(team, first)
    team.act(first, "transfer", interaction, {"agent_id": second})
    team.step(ANN)
    assert reassign(team, interaction, "admin", agent_id=third)["owner"] == third
    assert team.desk(second)["offers"] == []
    assert team.step(ANN)["wait"] == "done"
    team.act(third, "open", interaction)
    team.act(third, "transfer", interaction, {"agent_id": second})
    team.step(ANN)
    again = reassign(team, interaction, "admin", agent_id=third)
    assert (again["owner"], again["stage"], head(third)["open_count"]) == (third, "none", 1)


def test_into_a_queue_it_waits_there_then_for_everybody(team: Team, three: tuple[str, str, str]) -> None:
    first, second, third = three
    interaction = accepted(team, first)
    team.text(ANN, "Are you there?")
    queue = team.queue(third, strategy="rrmemory", agent_timeout=20)
    after = reassign(team, interaction, queue_id=queue)
    assert (after["owner"], after["last_owner"], after["unread_count"]) == (None, first, 1)
    assert head(first)["open_count"] == 0
    step = team.step(ANN)
    meta = team.interaction(ANN)
    assert (step["wait"], meta["queue_id"], meta["ring_agent"]) == ("plan_queue", queue, third)
    assert reassign(team, interaction, queue_id=queue)["stage"] == "plan_queue", "twice is once"
    team.later(30.001)
    for agent in (first, second, third):
        team.desk(agent)
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["stage"], meta.get("owner"), meta["unread_count"]) == ("none", None, 1)
    assert team.offers(second) == [interaction]


def test_into_a_queue_even_if_all_is_read_and_whoever_accepts_owns_it(team: Team, three: tuple[str, str, str]) -> None:
    first, _, third = three
    interaction = accepted(team, first)
    reassign(team, interaction, queue_id=team.queue(third))
    assert team.step(ANN)["wait"] == "plan_queue"
    assert team.offers(third) == [interaction]
    assert team.act(third, "accept", interaction).status_code == 200
    assert team.step(ANN)["wait"] == "done"


def test_from_one_queue_into_another_it_keeps_its_place_in_time(team: Team, three: tuple[str, str, str]) -> None:
    _, _, third = three
    interaction = texted(team)
    since = team.interaction(ANN)["waiting_since"]
    team.later(5)
    other = team.queue(third)
    reassign(team, interaction, queue_id=other)
    team.step(ANN)
    assert [row["since"] for row in db.query_all(table.queue(other)["pk"], "W#")] == [since]


def test_a_queue_whose_members_went_meanwhile_ends_with_everybody(team: Team, three: tuple[str, str, str]) -> None:
    first, second, third = three
    interaction = accepted(team, first)
    queue = team.queue(third)
    reassign(team, interaction, queue_id=queue)
    team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"remove": [third]})
    assert team.step(ANN)["wait"] == "done"
    assert "Queue skipped, none of its members is on this account" in team.events(interaction)
    assert team.offers(second) == [interaction]


def test_what_is_not_possible_says_why(team: Team, three: tuple[str, str, str]) -> None:
    first, _, third = three
    interaction = accepted(team, first)
    outsider = team.agent("Out", on_account=False)
    lonely = team.queue(outsider)
    for target in ({"agent_id": outsider}, {"queue_id": lonely}):
        assert code(team.act("boss", "reassign", interaction, target)) == (409, "not-on-account")
    for target in (
        {},
        {"agent_id": third, "queue_id": lonely},
        {"agent_id": f"agt_{UNKNOWN}"},
        {"queue_id": f"que_{UNKNOWN}"},
    ):
        assert code(team.act("boss", "reassign", interaction, target)) == (422, "invalid"), target
    assert code(team.act(first, "reassign", interaction, {"agent_id": first})) == (403, "forbidden")
    assert team.interaction(ANN)["owner"] == first
    team.act(first, "close", interaction)
    assert code(team.act("boss", "reassign", interaction, {"agent_id": third})) == (409, "closed")


def test_many_at_once_each_by_itself(team: Team, three: tuple[str, str, str]) -> None:
    first, _, third = three
    team.plan({"app": "queue", "queue_id": team.queue(first), "timeout": 60})
    found = [accepted(team, first, address) for address in (ANN, BEN, CAT)]
    team.act(first, "close", found[1])
    team.presence(first, "offline")
    unknown = f"int_{UNKNOWN}"
    body = {"interactions": [*found, unknown, found[0]], "agent_id": third}
    answer = team.must("boss", "POST", "/sms/interactions/reassign", body)["data"]
    assert [one["id"] for one in answer] == [*found, unknown]
    assert [one["problem"] and one["problem"]["code"] for one in answer] == [None, "closed", None, "not-found"]
    assert [one["interaction"] and one["interaction"]["owner"] for one in answer] == [third, None, third, None]
    again = team.must("boss", "POST", "/sms/interactions/reassign", body)["data"]
    assert again == answer, "twice is once"
    for wrong in ({"interactions": []}, {"interactions": [unknown] * 101}, {"interactions": ["x"]}):
        refused = team.call("boss", "POST", "/sms/interactions/reassign", {**wrong, "agent_id": third})
        assert refused.status_code == 422


def test_of_two_who_reassign_at_once_the_later_one_decides(team: Team, three: tuple[str, str, str]) -> None:
    first, second, third = three
    interaction = accepted(team, first)
    with before("TransactWriteItems", lambda: reassign(team, interaction, agent_id=second)):
        after = reassign(team, interaction, agent_id=third)
    assert (after["owner"], after["last_owner"]) == (third, second)
    for agent, own in ((first, 0), (second, 0), (third, 1)):
        assert len(list(db.query_all(table.agent(agent)["pk"], "I#"))) == own
        assert head(agent)["open_count"] == 0


def test_who_is_taken_off_the_account_meanwhile_gets_nothing(team: Team, three: tuple[str, str, str]) -> None:
    first, _, third = three
    interaction = accepted(team, first)
    path = f"/sms/accounts/{team.account['id']}/agents"
    with before("TransactWriteItems", lambda: team.must("admin", "POST", path, {"remove": [third]})):
        refused = team.act("admin", "reassign", interaction, {"agent_id": third})
    assert code(refused) == (409, "not-on-account")
    assert team.interaction(ANN)["owner"] == first
