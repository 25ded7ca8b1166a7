"""What agents choose from and plans are bound to: teams, intervals, dispositions, pauses; and trying things out."""

from typing import Any

from chalicelib.store import db, table
from tests.faults.company import ANN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import plan_with_queue
from tests.faults.scenarios.objects import changed, created, deleted, members
from tests.team import PHONE

_NAMED = {"name": "The one"}


def _made(company: Company, path: str, **body: Any) -> str:
    return company.must("admin", "POST", path, {**_NAMED, **body})["id"]


@scenario("configuration", "POST /teams")
def a_team_is_created(company: Company) -> Event:
    return created(company, "/teams", _NAMED, "team")


@scenario("configuration", "PATCH /teams/{team_id}")
def a_team_is_renamed(company: Company) -> Event:
    team = _made(company, "/teams")
    return changed(company, f"/teams/{team}", "team", team, name="Another")


def _team_in_a_queue(company: Company) -> tuple[str, str]:
    """A team whose one member is in a queue because of it."""
    team, queue = _made(company, "/teams"), company.queue()
    company.must("admin", "POST", f"/teams/{team}/agents", {"add": [company.first]})
    company.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add_teams": [team]})
    assert db.get(table.member(queue, company.first)), "the team brings nobody into the queue"
    return team, queue


@scenario("configuration", "DELETE /teams/{team_id}")
def a_team_in_a_queue_is_deleted(company: Company) -> Event:
    team, queue = _team_in_a_queue(company)
    return deleted(company, f"/teams/{team}", table.configuration("team", team), table.member(queue, company.first))


@scenario("configuration", "POST /teams/{team_id}/agents")
def agents_join_and_leave_a_team_in_a_queue(company: Company) -> Event:
    team, queue = _team_in_a_queue(company)
    event = members(company, f"/teams/{team}/agents", "teams", [company.second], [company.first])

    def moved() -> None:
        event.expect()
        there = [agent for agent in (company.first, company.second) if db.get(table.member(queue, agent))]
        assert there == [company.second], "the queue does not follow the team"

    return Event(event.act, moved)


@scenario("configuration", "POST /intervals")
def an_interval_is_created(company: Company) -> Event:
    return created(company, "/intervals", _NAMED, "interval")


@scenario("configuration", "PATCH /intervals/{interval_id}")
def an_interval_is_changed(company: Company) -> Event:
    interval = _made(company, "/intervals")
    return changed(company, f"/intervals/{interval}", "interval", interval, name="Another")


@scenario("configuration", "DELETE /intervals/{interval_id}")
def an_interval_is_deleted(company: Company) -> Event:
    interval = _made(company, "/intervals")
    return deleted(company, f"/intervals/{interval}", table.configuration("interval", interval))


@scenario("configuration", "POST /pauses")
def a_pause_is_created(company: Company) -> Event:
    return created(company, "/pauses", _NAMED, "pause")


@scenario("configuration", "DELETE /pauses/{pause_id}")
def a_pause_is_deleted(company: Company) -> Event:
    pause = _made(company, "/pauses")
    return deleted(company, f"/pauses/{pause}", table.configuration("pause", pause))


def _disposition_is_created(company: Company, owner: str, scope: str) -> Event:
    return created(company, f"{owner}/dispositions", _NAMED, f"disposition#{scope}")


def _disposition_is_deleted(company: Company, owner: str, scope: str) -> Event:
    """With the one below it."""
    path = f"{owner}/dispositions"
    above = _made(company, path)
    below = _made(company, path, parent_id=above)
    keys = [table.configuration(f"disposition#{scope}", one) for one in (above, below)]
    return deleted(company, f"{path}/{above}", *keys)


@scenario("configuration", "POST /dispositions")
def a_disposition_of_everybody_is_created(company: Company) -> Event:
    return _disposition_is_created(company, "", "global")


@scenario("configuration", "DELETE /dispositions/{disposition_id}")
def a_disposition_of_everybody_is_deleted(company: Company) -> Event:
    return _disposition_is_deleted(company, "", "global")


@scenario("configuration", "POST /sms/accounts/{account_id}/dispositions")
def a_disposition_of_an_account_is_created(company: Company) -> Event:
    account = company.account["id"]
    return _disposition_is_created(company, f"/sms/accounts/{account}", account)


@scenario("configuration", "DELETE /sms/accounts/{account_id}/dispositions/{disposition_id}")
def a_disposition_of_an_account_is_deleted(company: Company) -> Event:
    account = company.account["id"]
    return _disposition_is_deleted(company, f"/sms/accounts/{account}", account)


@scenario("configuration", "POST /lists/{list_id}/dispositions")
def a_disposition_of_a_list_is_created(company: Company) -> Event:
    contacts = company.account["list_id"]
    return _disposition_is_created(company, f"/lists/{contacts}", contacts)


@scenario("configuration", "DELETE /lists/{list_id}/dispositions/{disposition_id}")
def a_disposition_of_a_list_is_deleted(company: Company) -> Event:
    contacts = company.account["list_id"]
    return _disposition_is_deleted(company, f"/lists/{contacts}", contacts)


@scenario("configuration", "POST /sms/queues/{queue_id}/dispositions")
def a_disposition_of_a_queue_is_created(company: Company) -> Event:
    return _disposition_is_created(company, f"/sms/queues/{company.beepall}", company.beepall)


@scenario("configuration", "DELETE /sms/queues/{queue_id}/dispositions/{disposition_id}")
def a_disposition_of_a_queue_is_deleted(company: Company) -> Event:
    return _disposition_is_deleted(company, f"/sms/queues/{company.beepall}", company.beepall)


@scenario("configuration", "POST /sms/accounts/{account_id}/token/rotate")
def the_token_of_an_account_is_rotated(company: Company) -> Event:
    """A retry under the same key rotates no second time."""
    key = table.configuration("account", company.account["id"])
    path = f"/sms/accounts/{company.account['id']}/token/rotate"
    again = {"Idempotency-Key": "the-same"}

    def once() -> None:
        account = db.get(key)
        assert account, "the account is gone"
        assert account["version"] == 2, f"the version is {account['version']}"
        assert account["token"] not in company.account["receive_url"], "the token is the old one"

    return Event(lambda: company.asks("admin", "POST", path, {}, **again), once)


def _tried(company: Company, path: str, body: dict[str, Any]) -> Event:
    """It stores nothing that anybody works with."""
    path = f"/sms/accounts/{company.account['id']}/{path}"

    def untouched() -> None:
        assert db.get(table.pointer(company.account["id"], ANN)) is None, "an interaction was stored"

    return Event(lambda: company.asks("supervisor", "POST", path, body), untouched)


@scenario("configuration", "POST /sms/accounts/{account_id}/check")
def the_credentials_of_an_account_are_tried(company: Company) -> Event:
    return _tried(company, "check", {})


@scenario("configuration", "POST /sms/accounts/{account_id}/check/sample")
def a_providers_call_is_tried(company: Company) -> Event:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    call = f"MessageSid=SM1&From=%2B15005550010&To=%2B{PHONE[1:]}&Body=Hello"
    return _tried(company, "check/sample", {"headers": headers, "body": call})


@scenario("configuration", "POST /sms/accounts/{account_id}/plan/simulate")
def a_plan_is_tried(company: Company) -> Event:
    plan_with_queue(company, company.exclusive)
    return _tried(company, "plan/simulate", {"at": "2026-01-01T12:00:00Z", "sender": ANN, "text": "Hello"})
