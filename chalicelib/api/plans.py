"""The action plan of an account over HTTP."""

from chalicelib import clock
from chalicelib.api import access, plan_rules
from chalicelib.api.request import Request
from chalicelib.config import settings
from chalicelib.models.errors import Refused
from chalicelib.models.plans import Plan
from chalicelib.models.simulation import Simulation
from chalicelib.routing import agents as states
from chalicelib.routing.plan_lint import lint
from chalicelib.routing.plan_simulate import Staff, simulate
from chalicelib.store import configured, contacts, db, intervals, members, plans, table
from chalicelib.store.db import Item


def show(request: Request, account_id: str) -> Plan:
    return _present(plans.current(access.require_account(request, account_id)), {})


def replace(request: Request, account_id: str) -> Plan:
    account = access.require_account(request, account_id)
    given = [plan_rules.with_id(action.model_dump(by_alias=True)) for action in request.body.actions]
    mistakes = plan_rules.mistakes(given, account)
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)
    actions, made = plan_rules.stored(given, plans.current(account)["actions"], account_id)
    version = request.version or 0
    plans.replace(account, version, actions)
    return _present({"version": version + 1, "actions": actions}, made)


def _present(plan: Item, made: dict[str, str]) -> Plan:
    actions = plan_rules.shown(plan["actions"], made)
    return Plan.model_validate({**plan, "actions": actions, "warnings": lint(plan["actions"])[1]})


def simulate_text(request: Request, account_id: str) -> Simulation:
    account = access.require_account(request, account_id)
    plan, given = plans.current(account), request.body
    staff = _staff(account, plan["actions"], given.agents or {}, request.now)
    facts = _facts(account, given.sender, given.text)
    bound_to = intervals.named_in(plan["actions"])
    found = simulate(plan["actions"], bound_to, staff, facts, given.at, settings().zone)
    for one in (*found["steps"], found["end"]):
        one["at"] = clock.rfc3339(int(one["at"].timestamp() * 1000))
    return Simulation.model_validate({**found, "plan_version": plan["version"]})


def _staff(account: Item, actions: list[Item], wanted: dict[str, str], now: int) -> Staff:
    """The account's agents in their present states, or those asked for, and the queues of the plan's steps."""
    on_account = members.agents_of("accounts", account["id"])
    _check_agents(wanted, on_account)
    heads = [head for head in db.get_many([table.agent(one) for one in on_account]) if head]
    queue_ids = sorted({action["queue_id"] for action in actions if action["app"] == "queue"})
    return Staff(
        {
            head["agent_id"]: {"name": head["name"], "state": wanted.get(head["agent_id"]) or states.state(head, now)}
            for head in heads
        },
        {
            queue["id"]: {"name": queue["name"], "members": members.agents_of("queues", queue["id"])}
            for queue in configured.get_many("queue", queue_ids)
        },
    )


def _check_agents(wanted: dict[str, str], on_account: list[str]) -> None:
    errors = [
        {"pointer": f"/agents/{one}", "detail": "No agent of this account."} for one in wanted if one not in on_account
    ]
    if errors:
        raise Refused("invalid", "The request is not valid.", errors=errors)


def _facts(account: Item, sender: str, text: str) -> Item:
    """What conditions ask about, for the first text of a new interaction."""
    contact = contacts.known(sender, account["list_id"]) or {}
    return {
        "message.text": text,
        "message.count": 1,
        "contact.id": contact.get("id"),
        "contact.name": contact.get("name"),
        "contact.list_id": contact.get("list_id"),
        "interaction.address": sender,
        "interaction.account_key": account["key"],
    }
