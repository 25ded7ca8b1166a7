"""Who may call what: every route with every role, and what is not of one's own accounts."""

import re

import pytest

from chalicelib.api.routes import PUBLIC, ROLES, ROUTES, Route
from tests.api.conftest import Api

GUARDED = [route for route in ROUTES if route.roles != PUBLIC]
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def path_of(route: Route) -> str:
    return re.sub(r"{\w+}", f"any_{UNKNOWN}", route.path)


def test_every_guarded_route_refuses_whoever_has_no_token_or_a_wrong_one(api: Api) -> None:
    for route in GUARDED:
        for who in (None, "made-up", ""):
            answer = api(who, route.method, path_of(route))
            assert (answer.status, answer.body["code"]) == (401, "unauthenticated"), route.operation
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_route_refuses_the_roles_that_are_not_named_for_it(api: Api) -> None:
    holders = {"agent": "nobody", "supervisor": "supervisor", "admin": "admin"}
    refusals = 0
    for route in GUARDED:
        for role in ROLES - route.roles:
            answer = api(holders[role], route.method, path_of(route))
            assert (answer.status, answer.body["code"]) == (403, "forbidden"), (route.operation, role)
            refusals += 1
    assert refusals > 30


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_made() -> None:
    for roles in (frozenset(), frozenset({"guest"}), frozenset({"public", "admin"})):
        with pytest.raises(ValueError, match="who may call"):
            Route("GET", "/x", roles, "x:y", "X.")


def test_the_authorization_header_takes_bearer_in_any_case_and_nothing_else(api: Api) -> None:
    for header, status in (
        ("bearer first-secret", 200),
        ("Bearer  first-secret ", 200),
        ("Basic first-secret", 401),
        ("first-secret", 401),
        ("Bearer", 401),
    ):
        assert api(None, "GET", "/tokens", Authorization=header).status == status, header


def test_unknown_ids_are_not_found_everywhere(api: Api) -> None:
    bodies = {
        "accounts.AccountPatch": {"name": "x"},
        "queues.QueuePatch": {"name": "x"},
        "agents.AgentPatch": {"name": "x"},
        "lists.ContactListPatch": {"name": "x"},
        "common.MembersIn": {"add": []},
        "plans.PlanIn": {"actions": []},
        "simulation.SimulationIn": {"at": "2026-01-01T00:00:00Z", "sender": "+15005550101", "text": "x"},
        "queues.QueueMembersIn": {"add": []},
        "teams.TeamPatch": {"name": "x"},
        "intervals.IntervalPatch": {"name": "x"},
        "dispositions.DispositionIn": {"name": "x"},
        "accounts.TokenRotationIn": {},
        "account_checks.SampleIn": {},
        "optouts.BlockedIn": {"add": ["+15005550101"]},
        "account_checks.TestTextIn": {"to": "+15005550101"},
        "agents.PresenceIn": {"state": "online"},
    }
    walked = 0
    for route in GUARDED:
        if "{" in route.path and not route.path.startswith("/sms/interactions"):
            body = bodies[route.body] if route.body else None
            answer = api("admin", route.method, path_of(route), body, If_Match="1", Idempotency_Key="walk")
            assert (answer.status, answer.body["code"]) == (404, "not-found"), route.operation
            walked += 1
    assert walked > 15


def test_agents_see_only_the_accounts_they_are_on(api: Api) -> None:
    ours, theirs, ada = api.account(key="OURS"), api.account(key="THEIR"), api.agent()
    api.must("admin", "POST", f"/sms/accounts/{ours['id']}/agents", {"add": [ada["id"]]})
    listed = api.must("Ada", "GET", "/sms/accounts")["data"]
    assert [one["id"] for one in listed] == [ours["id"]]
    assert listed[0]["credentials"]["account_sid"] == {"set": True}
    assert api.must("Ada", "GET", f"/sms/accounts/{ours['id']}")["receive_url"] is None
    other = api("Ada", "GET", f"/sms/accounts/{theirs['id']}")
    missing = api("Ada", "GET", f"/sms/accounts/acc_{UNKNOWN}")
    assert (other.status, other.body) == (404, missing.body)
    api.must("admin", "POST", f"/sms/accounts/{ours['id']}/agents", {"remove": [ada["id"]]})
    assert api.must("Ada", "GET", "/sms/accounts")["data"] == []
    assert api("Ada", "GET", f"/sms/accounts/{ours['id']}").status == 404


def test_agents_see_themselves_and_no_other_agent(api: Api) -> None:
    ada, bob = api.agent("Ada"), api.agent("Bob")
    assert api.must("Ada", "GET", f"/agents/{ada['id']}")["name"] == "Ada"
    assert api("Ada", "GET", f"/agents/{bob['id']}").status == 404
