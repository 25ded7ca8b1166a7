"""Configuration through the API: whatever fails, there is one object, whole, and the retry changes nothing more."""

from chalicelib.store import db, table
from tests.faults.company import Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import offered, plan_with_queue
from tests.faults.scenarios.objects import changed, created, deleted, members
from tests.team import ACCOUNT_SID, AUTH_TOKEN

_CREDENTIALS = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
_ACCOUNT = {"name": "Second", "key": "TWO", "type": "twilio", "phone": "+15005550007", "credentials": _CREDENTIALS}


@scenario("configuration", "POST /sms/accounts")
def an_account_is_created(company: Company) -> Event:
    return created(company, "/sms/accounts", _ACCOUNT, "account")


@scenario("configuration", "PATCH /sms/accounts/{account_id}")
def an_account_gets_another_key_and_credentials(company: Company) -> Event:
    identifier = company.account["id"]
    event = changed(company, f"/sms/accounts/{identifier}", "account", identifier, key="NEW")
    body = {"key": "NEW", "credentials": {"auth_token": "0" * 32}}
    path = f"/sms/accounts/{identifier}"
    return Event(lambda: company.asks("admin", "PATCH", path, body, **{"If-Match": '"1"'}), event.expect)


@scenario("configuration", "PATCH /sms/accounts/{account_id}")
def an_account_is_switched_off_while_a_text_waits(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    identifier = company.account["id"]
    event = changed(company, f"/sms/accounts/{identifier}", "account", identifier, enabled=False)

    def off() -> None:
        event.expect()
        assert "off" in (db.get(table.account(identifier)) or {}), "its HEAD does not say so"

    return Event(event.act, off)


@scenario("configuration", "PATCH /sms/accounts/{account_id}")
def an_account_is_switched_on_while_a_text_waits(company: Company) -> Event:
    for agent in (company.first, company.second):
        company.presence(agent, "offline")
    offered(company, queue=company.exclusive)
    identifier = company.account["id"]
    path = f"/sms/accounts/{identifier}"
    company.must("admin", "PATCH", path, {"enabled": False}, **{"If-Match": '"1"'})
    company.presence(company.first, "online")
    event = changed(company, path, "account", identifier, enabled=True)

    def on() -> None:
        event.expect()
        assert "off" not in (db.get(table.account(identifier)) or {}), "its HEAD still says off"

    return Event(event.act, on)


@scenario("configuration", "DELETE /sms/accounts/{account_id}")
def an_account_with_members_is_deleted(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    identifier = company.account["id"]
    keys = (table.configuration("account", identifier), table.account(identifier))
    members = [table.account_member(identifier, agent) for agent in (company.first, company.second)]
    return deleted(company, f"/sms/accounts/{identifier}", *keys, *members)


@scenario("configuration", "POST /sms/accounts/{account_id}/agents")
def agents_join_and_leave_an_account(company: Company) -> Event:
    fresh = [company.agent(name, on_account=False) for name in ("New", "Newer")]
    return members(company, f"/sms/accounts/{company.account['id']}/agents", "accounts", fresh, [company.second])


@scenario("configuration", "PUT /sms/accounts/{account_id}/plan")
def a_plan_is_replaced(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    identifier = company.account["id"]
    body = {"actions": [{"id": "ask", "app": "queue", "queue_id": company.exclusive, "timeout": 10}]}
    path = f"/sms/accounts/{identifier}/plan"

    def replaced() -> None:
        version = (db.get(table.configuration("account", identifier)) or {})["plan_version"]
        plan = db.get(table.plan(identifier, version)) or {}
        assert version == 3, f"the plan has version {version}"
        assert [action["queue_id"] for action in plan["actions"]] == [company.exclusive]

    return Event(lambda: company.asks("admin", "PUT", path, body, **{"If-Match": '"2"'}), replaced)


@scenario("configuration", "PUT /sms/accounts/{account_id}/plan")
def a_plan_is_bound_to_an_interval_and_closes_with_a_disposition(company: Company) -> Event:
    """What it names from now on knows it, and what it names no longer does not: an invariant looks."""
    plan_with_queue(company, company.beepall)
    interval = company.must("admin", "POST", "/intervals", {"name": "Night"})["id"]
    sold = company.must("admin", "POST", "/dispositions", {"name": "Sold"})["id"]
    identifier = company.account["id"]
    body = {"actions": [{"id": "end", "app": "close", "disposition": sold, "interval_id": interval}]}
    path = f"/sms/accounts/{identifier}/plan"

    def named() -> None:
        users = (db.get(table.configuration("interval", interval)) or {}).get("named_by")
        assert users == {identifier}, f"the interval is named by {users}"

    return Event(lambda: company.asks("admin", "PUT", path, body, **{"If-Match": '"2"'}), named)


@scenario("configuration", "POST /sms/queues")
def a_queue_is_created(company: Company) -> Event:
    return created(company, "/sms/queues", {"name": "Sales", "strategy": "rrmemory"}, "queue")


@scenario("configuration", "PATCH /sms/queues/{queue_id}")
def a_queue_is_renamed(company: Company) -> Event:
    return changed(company, f"/sms/queues/{company.beepall}", "queue", company.beepall, name="Sales")


@scenario("configuration", "DELETE /sms/queues/{queue_id}")
def a_queue_with_members_is_deleted(company: Company) -> Event:
    members = [table.member(company.beepall, agent) for agent in (company.first, company.second)]
    return deleted(company, f"/sms/queues/{company.beepall}", table.configuration("queue", company.beepall), *members)


@scenario("configuration", "POST /sms/queues/{queue_id}/agents")
def an_agent_joins_a_queue_where_a_text_waits(company: Company) -> Event:
    fresh = company.agent("New")
    company.plan({"app": "queue", "queue_id": company.exclusive, "timeout": 300})
    for agent in (company.first, company.second):
        company.presence(agent, "offline")
    company.customer_texts("+15005550010", "Hello")
    company.waits("+15005550010")
    path = f"/sms/queues/{company.exclusive}/agents"
    return members(company, path, "queues", [fresh], [company.second])


@scenario("configuration", "POST /agents")
def an_agent_is_created(company: Company) -> Event:
    return created(company, "/agents", {"name": "Newcomer"}, "agent")


@scenario("configuration", "PATCH /agents/{agent_id}")
def an_agent_is_changed(company: Company) -> Event:
    return changed(company, f"/agents/{company.first}", "agent", company.first, name="Renamed", capacity=3)


@scenario("configuration", "DELETE /agents/{agent_id}")
def an_agent_with_memberships_and_a_token_is_deleted(company: Company) -> Event:
    keys = (table.configuration("agent", company.second),)
    members = (
        table.member(company.beepall, company.second),
        table.account_member(company.account["id"], company.second),
    )
    event = deleted(company, f"/agents/{company.second}", *keys, *members)

    def gone() -> None:
        event.expect()
        left = list(db.query_all(table.configuration("token", "")["pk"]))
        assert company.second not in [item.get("agent_id") for item in left], "the token still works"

    return Event(event.act, gone)


@scenario("configuration", "POST /lists")
def a_list_is_created(company: Company) -> Event:
    return created(company, "/lists", {"name": "Customers"}, "list")


@scenario("configuration", "PATCH /lists/{list_id}")
def a_list_is_renamed(company: Company) -> Event:
    made = company.must("admin", "POST", "/lists", {"name": "Customers"})
    return changed(company, f"/lists/{made['id']}", "list", made["id"], name="Clients")


@scenario("configuration", "POST /tokens")
def a_token_is_created(company: Company) -> Event:
    body = {"name": "Screen", "role": "agent", "agent_id": company.first}
    return created(company, "/tokens", body, "token")


@scenario("configuration", "DELETE /tokens/{token_id}")
def a_token_is_revoked(company: Company) -> Event:
    made = company.must("admin", "POST", "/tokens", {"name": "Screen", "role": "agent", "agent_id": company.first})
    return deleted(company, f"/tokens/{made['id']}", table.configuration("token", made["id"]))
