"""Disposing: the owner is paused while saying how it ended, and is again what they were before when it is over."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.store import db, table
from tests.calls import before
from tests.team import Team

ANN, BOB, CARL = "+15005550010", "+15005550011", "+15005550012"
WRAP_UP = "Wrap-up"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.body)["code"]


def configure(team: Team, pause: str | None = WRAP_UP, **mandatory: Any) -> None:
    """Have the account's agents in a pause while disposing."""
    pauses = {one["name"]: one["id"] for one in team.must("admin", "GET", "/pauses")["data"]}
    if pause and pause not in pauses:
        pauses[pause] = team.must("admin", "POST", "/pauses", {"name": pause})["id"]
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    body = {"mandatory_disposition": {"pause_id": pauses[pause] if pause else None, **mandatory}}
    team.must("admin", "PATCH", path, body, **{"If-Match": str(version)})
    team._forget()


def dispose(team: Team, agent: str, interaction: str, method: str = "POST") -> Any:
    return team.call(agent, method, f"/sms/interactions/{interaction}/dispose")


def own(team: Team, agent: str, address: str) -> str:
    """The agent has answered this customer and has it open."""
    team.text(address)
    team.step(address)
    interaction = team.interaction(address)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def head(agent: str) -> dict[str, Any]:
    found = db.get(table.agent(agent))
    assert found
    return found


def state(agent: str) -> tuple[str, str | None]:
    return head(agent)["state"], head(agent).get("pause")


@pytest.fixture
def agent(team: Team) -> str:
    """An agent online in a round-robin queue, on an account with a pause for disposing."""
    configure(team)
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent, strategy="rrmemory"), "timeout": 300})
    return agent


def test_disposing_pauses_the_owner_and_closing_brings_the_state_back(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    team.later(5)
    assert dispose(team, agent, interaction).status_code == 200
    shown = team.desk(agent)["presence"]
    assert (shown["state"], shown["pause"], shown["disposing"]) == ("paused", WRAP_UP, [interaction])
    assert team.must("admin", "GET", f"/agents/{agent}")["presence"] == shown
    team.later(5)
    assert team.act(agent, "close", interaction, {}).status_code == 200
    shown = team.desk(agent)["presence"]
    assert (shown["state"], shown["pause"], shown["disposing"]) == ("online", None, [])
    assert shown["since"] == "2026-01-01T00:00:10.002Z"
    assert "before_disposing" not in head(agent)
    assert team.events(interaction)[-2:] == [f"Ann is disposing of it, paused: {WRAP_UP}", "Closed by Ann"]


def test_no_offer_reaches_who_disposes_and_the_longest_waiting_comes_at_once_when_it_is_over(
    team: Team, agent: str
) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    for address in (BOB, CARL):
        team.text(address)
        team.step(address)
    assert team.offers(agent) == []
    team.act(agent, "close", interaction, {})
    assert team.offers(agent) == [team.interaction(BOB)["interaction_id"]]


def test_cancelling_brings_the_state_back_and_keeps_the_interaction(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    team.text(BOB)
    team.step(BOB)
    for _ in range(2):
        assert dispose(team, agent, interaction, "DELETE").status_code == 200
        assert (state(agent), team.interaction(ANN)["owner"]) == (("online", None), agent)
    assert team.offers(agent) == [team.interaction(BOB)["interaction_id"]]
    assert team.events(interaction)[-1] == "Ann goes on with it"


def test_disposing_twice_is_once(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    before_second = team.interaction(ANN)
    assert dispose(team, agent, interaction).status_code == 200
    assert team.interaction(ANN) == before_second
    team.act(agent, "close", interaction, {})
    assert state(agent) == ("online", None), "the pause was not remembered as the state before it"


def test_of_several_the_last_brings_the_state_back(team: Team, agent: str) -> None:
    first, second = own(team, agent, ANN), own(team, agent, BOB)
    dispose(team, agent, first)
    dispose(team, agent, second)
    team.act(agent, "close", first, {})
    assert state(agent) == ("paused", WRAP_UP)
    team.act(agent, "close", second, {})
    assert state(agent) == ("online", None)


def test_two_closed_at_the_same_moment_leave_nobody_paused(team: Team, agent: str) -> None:
    first, second = own(team, agent, ANN), own(team, agent, BOB)
    dispose(team, agent, first)
    dispose(team, agent, second)
    with before("TransactWriteItems", lambda: team.act(agent, "close", second, {})):
        assert team.act(agent, "close", first, {}).status_code == 200
    assert (state(agent), head(agent).get("disposing")) == (("online", None), None)


def test_who_was_paused_before_is_paused_so_again(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    team.must("admin", "POST", "/pauses", {"name": "Lunch"})
    team.presence(agent, "paused", "Lunch")
    dispose(team, agent, interaction)
    assert state(agent) == ("paused", WRAP_UP)
    team.act(agent, "close", interaction, {})
    assert state(agent) == ("paused", "Lunch")


def test_a_state_that_the_agent_chose_meanwhile_stays(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    team.must("admin", "POST", "/pauses", {"name": "Lunch"})
    dispose(team, agent, interaction)
    team.presence(agent, "paused", "Lunch")
    team.act(agent, "close", interaction, {})
    assert state(agent) == ("paused", "Lunch")
    assert "before_disposing" not in head(agent)


def test_a_state_chosen_at_the_moment_of_closing_stays(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    team.must("admin", "POST", "/pauses", {"name": "Lunch"})
    dispose(team, agent, interaction)
    with before("TransactWriteItems", lambda: team.presence(agent, "paused", "Lunch")):
        assert team.act(agent, "close", interaction, {}).status_code == 200
    assert state(agent) == ("paused", "Lunch")


def test_without_a_pause_the_state_stays(team: Team, agent: str) -> None:
    configure(team, None)
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    shown = team.desk(agent)["presence"]
    assert (shown["state"], shown["disposing"]) == ("online", [interaction])
    assert team.events(interaction)[-1] == "Ann is disposing of it"
    team.act(agent, "close", interaction, {})
    assert team.desk(agent)["presence"]["disposing"] == []


def test_a_pause_that_the_account_gets_while_one_is_disposed_of_pauses_with_the_next(team: Team, agent: str) -> None:
    configure(team, None)
    first, second = own(team, agent, ANN), own(team, agent, BOB)
    dispose(team, agent, first)
    configure(team)
    dispose(team, agent, second)
    assert state(agent) == ("paused", WRAP_UP)
    team.act(agent, "close", second, {})
    assert state(agent) == ("paused", WRAP_UP), "the first one is still being disposed of"
    team.act(agent, "close", first, {})
    assert state(agent) == ("online", None)


def test_a_text_into_the_open_tab_is_shown_and_must_be_read_before_closing(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    since = team.desk(agent)["next"]
    team.text(ANN, "One more thing")
    assert team.interaction(ANN)["stage"] == "none", "it is not offered to others"
    assert [line["text"] for line in team.desk(agent, since)["lines"][interaction]] == ["One more thing"]
    assert code(team.act(agent, "close", interaction, {})) == (409, "new-message")
    assert state(agent) == ("paused", WRAP_UP)
    team.act(agent, "read", interaction, {"n": team.interaction(ANN)["n"]})
    assert team.act(agent, "close", interaction, {}).status_code == 200
    assert state(agent) == ("online", None)


def test_a_ring_goes_on_to_the_next_agent_when_disposing_pauses(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    team.text(BOB)
    team.step(BOB)
    assert team.interaction(BOB)["ring_agent"] == agent
    other = team.agent("Ben")
    team.must("admin", "POST", f"/sms/queues/{team.interaction(BOB)['queue_id']}/agents", {"add": [other]})
    dispose(team, agent, interaction)
    assert team.interaction(BOB)["ring_agent"] == other
    assert "ringing" not in head(agent)


def taken(team: Team, agent: str, interaction: str) -> None:
    team.must("boss", "POST", f"/sms/interactions/{interaction}/take")


def left(team: Team, agent: str, interaction: str) -> None:
    assert team.act(agent, "leave", interaction).status_code == 200


def handed_over(team: Team, agent: str, interaction: str) -> None:
    boss = next(one for one in team.tokens if one.startswith("agt_") and one != agent)
    assert team.act(agent, "transfer", interaction, {"agent_id": boss}).status_code == 200
    team.step(ANN)
    assert state(agent) == ("paused", WRAP_UP), "it is still the owner's"
    assert team.act(boss, "accept", interaction).status_code == 200


def closed_by_a_supervisor(team: Team, agent: str, interaction: str) -> None:
    team.must("boss", "POST", f"/sms/interactions/{interaction}/close", {})


def given_to_the_boss(team: Team, agent: str, interaction: str) -> None:
    boss = next(one for one in team.tokens if one.startswith("agt_") and one != agent)
    team.must("boss", "POST", f"/sms/interactions/{interaction}/reassign", {"agent_id": boss})


@pytest.mark.parametrize("end", [taken, left, handed_over, closed_by_a_supervisor, given_to_the_boss])
def test_it_ends_with_whatever_takes_it_away(team: Team, agent: str, end: Callable[[Team, str, str], None]) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    rule = {"transfer": {"agent": {"enabled": True}}}
    team.must("admin", "PATCH", path, rule, **{"If-Match": str(version)})
    team._forget()
    boss = team.agent("Boss")
    token = {"name": "Boss", "role": "supervisor", "agent_id": boss}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    team.text(BOB)
    team.step(BOB)
    assert "ring_agent" not in team.interaction(BOB)
    end(team, agent, interaction)
    assert (state(agent), head(agent).get("disposing")) == (("online", None), None)
    assert team.interaction(BOB)["ring_agent"] == agent, "free again, and rung at once"


def test_it_ends_for_who_is_taken_off_the_account(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"remove": [agent]})
    assert (state(agent), head(agent).get("disposing")) == (("online", None), None)


def test_logging_out_ends_it_and_brings_nothing_back(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    team.presence(agent, "offline")
    assert (state(agent), head(agent).get("disposing")) == (("offline", None), None)
    assert code(dispose(team, agent, interaction)) == (409, "not-online")
    team.presence(agent, "online")
    assert team.act(agent, "open", interaction).status_code == 200
    assert dispose(team, agent, interaction).status_code == 200
    team.act(agent, "close", interaction, {})
    assert state(agent) == ("online", None)


def test_silence_ends_it_and_the_pause_stays_until_the_agent_is_back(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    team.later(61)
    team.reconcile()
    assert (state(agent), head(agent).get("disposing")) == (("paused", WRAP_UP), None)
    assert "before_disposing" not in head(agent)


def test_the_round_that_ends_without_the_owner_ends_it_too(team: Team, agent: str) -> None:
    """Disposing without an open tab: the next text is offered to the owner, who is paused, and then to others."""
    interaction = own(team, agent, ANN)
    team.act(agent, "leave", interaction)
    dispose(team, agent, interaction)
    team.text(ANN, "Hello?")
    assert team.step(ANN)["wait"] == "assigned_agent"
    team.later(10.001)
    team.step(ANN)
    assert (state(agent), head(agent).get("disposing")) == (("online", None), None)
    assert team.interaction(ANN)["ring_agent"] == agent, "free again, as one of the queue"


def test_only_the_owner_of_an_open_interaction_disposes(team: Team, agent: str) -> None:
    other = team.agent("Ben")
    interaction = own(team, agent, ANN)
    assert code(dispose(team, other, interaction)) == (409, "not-owner")
    assert code(dispose(team, other, interaction, "DELETE")) == (409, "not-owner")
    team.act(agent, "close", interaction, {})
    assert code(dispose(team, agent, interaction)) == (409, "closed")


def test_a_log_out_at_the_moment_of_disposing_comes_first(team: Team, agent: str) -> None:
    interaction = own(team, agent, ANN)
    with before("TransactWriteItems", lambda: team.presence(agent, "offline")):
        assert code(dispose(team, agent, interaction)) == (409, "not-online")
    assert (state(agent), head(agent).get("disposing")) == (("offline", None), None)


def test_taking_over_at_the_moment_of_disposing_leaves_nothing_behind(team: Team, agent: str) -> None:
    boss = team.agent("Boss")
    token = {"name": "Boss", "role": "supervisor", "agent_id": boss}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    interaction = own(team, agent, ANN)
    with before("TransactWriteItems", lambda: dispose(team, agent, interaction)):
        team.must("boss", "POST", f"/sms/interactions/{interaction}/take")
    assert (state(agent), head(agent).get("disposing")) == (("online", None), None)
    assert team.interaction(ANN)["owner"] == boss


def disposition(team: Team, name: str = "Sold") -> str:
    return team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/dispositions", {"name": name})["id"]


@pytest.mark.parametrize("who", ["owner", "boss"])
def test_a_mandatory_disposition_is_asked_of_everybody(team: Team, agent: str, who: str) -> None:
    token = {"name": "Boss", "role": "supervisor"}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    team.tokens["owner"] = team.tokens[agent]
    configure(team, enabled=True)
    interaction = own(team, agent, ANN)
    dispose(team, agent, interaction)
    refused = team.act(who, "close", interaction, {})
    assert code(refused) == (422, "disposition-required")
    assert json.loads(refused.body)["errors"][0]["pointer"] == "/disposition"
    assert (team.interaction(ANN)["status"], state(agent)) == ("open", ("paused", WRAP_UP))
    assert team.act(who, "close", interaction, {"disposition": disposition(team)}).status_code == 200
    assert team.interaction(ANN)["disposition"]["path"] == ["Sold"]
    assert state(agent) == ("online", None)
    assert team.act(who, "close", interaction, {}).status_code == 200, "closed is closed"


def test_who_may_not_close_is_told_so_first(team: Team, agent: str) -> None:
    configure(team, enabled=True)
    other, interaction = team.agent("Ben"), own(team, agent, ANN)
    assert code(team.act(other, "close", interaction, {})) == (409, "not-owner")
    team.text(ANN, "One more thing")
    assert code(team.act(agent, "close", interaction, {})) == (422, "disposition-required")
    assert code(team.act(agent, "close", interaction, {"disposition": disposition(team)})) == (409, "new-message")


def closing_plan(team: Team, agent: str, **close: Any) -> None:
    """Five seconds for the agent, then closing, then a line."""
    ask = {"app": "agent", "agent_id": agent, "timeout": 5}
    team.plan(ask, {"app": "close", **close}, {"app": "noop", "text": "Went on"})


def test_a_run_that_began_with_an_older_plan_skips_a_close_without_one_and_goes_on(team: Team, agent: str) -> None:
    closing_plan(team, agent)
    team.text(ANN)
    team.step(ANN)
    closing_plan(team, agent, disposition=disposition(team))
    configure(team, enabled=True)
    team.later(5.001)
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["status"], meta["stage"]) == ("open", "none")
    assert team.events(meta["interaction_id"])[-3:-1] == [
        "Plan: close skipped, this account closes nothing without a disposition",
        "Went on",
    ]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_run_whose_disposition_was_deleted_says_so(team: Team, agent: str, enabled: bool) -> None:
    sold = disposition(team)
    closing_plan(team, agent, disposition=sold)
    configure(team, enabled=enabled)
    team.text(ANN)
    team.step(ANN)
    team.plan()
    team.must("admin", "DELETE", f"/sms/accounts/{team.account['id']}/dispositions/{sold}")
    team.later(5.001)
    team.step(ANN)
    meta = team.interaction(ANN)
    assert meta["status"] == ("open" if enabled else "closed")
    events = team.events(meta["interaction_id"])
    told = "close skipped, its" if enabled else "closed without a disposition, its"
    assert f"Plan: {told} disposition was deleted" in events
