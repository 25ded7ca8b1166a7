"""The alert of an offer: worded by the account, filled in for the offer, and at no cost to the poll."""

from typing import Any

import pytest

from chalicelib.models import templates
from chalicelib.routing import alerts
from tests.calls import counted
from tests.team import Team

ANN = "+15005550010"
WORDS = {"title": "{{queue.name|Personal}} / {{account.key}}", "body": "{{contact.name|Somebody}}: {{message.preview}}"}


def offers(team: Team, agent: str) -> list[dict[str, Any]]:
    return team.desk(agent)["offers"]


def configure(team: Team, **notification: Any) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    team.must("admin", "PATCH", path, {"notification": notification}, **{"If-Match": str(version)})
    team._forget()


@pytest.fixture
def agent(team: Team) -> str:
    return team.agent("Ann")


def test_without_a_notification_there_is_no_alert(team: Team, agent: str) -> None:
    team.plan({"app": "queue", "queue_id": team.queue(agent)})
    team.text(ANN)
    team.step(ANN)
    assert [offer["alert"] for offer in offers(team, agent)] == [None]


@pytest.mark.parametrize("strategy", ["beepall", "rrmemory"])
def test_a_queues_offer_names_the_queue(team: Team, agent: str, strategy: str) -> None:
    configure(team, enabled=True, **WORDS, sound="chime", shake=True)
    queue = team.queue(agent, strategy=strategy)
    name = team.must("admin", "GET", f"/sms/queues/{queue}")["name"]
    team.plan({"app": "queue", "queue_id": queue})
    team.text(ANN, "Is it {{account.key}} that you sell?")
    team.step(ANN)
    (offer,) = offers(team, agent)
    assert offer["alert"] == {
        "title": f"{name} / {team.account['key']}",
        "body": "Somebody: Is it {{account.key}} that you sell?",
        "sound": "chime",
        "shake": True,
    }


def test_an_offer_to_one_agent_and_one_to_everybody_have_no_queue(team: Team, agent: str) -> None:
    configure(team, enabled=True, **WORDS)
    team.plan({"app": "agent", "agent_id": agent, "timeout": 10})
    team.text(ANN)
    team.step(ANN)
    titles = [offers(team, agent)[0]["alert"]["title"]]
    team.later(11)
    team.step(ANN)
    (left,) = offers(team, agent)
    assert (left["stage"], [*titles, left["alert"]["title"]]) == ("none", [f"Personal / {team.account['key']}"] * 2)


def test_the_default_text_says_who_and_what(team: Team, agent: str) -> None:
    configure(team, enabled=True)
    team.plan({"app": "queue", "queue_id": team.queue(agent)})
    team.text(ANN, "Hello")
    team.step(ANN)
    assert offers(team, agent)[0]["alert"] == {
        "title": team.account["name"],
        "body": f"New customer ({ANN}): Hello",
        "sound": False,
        "shake": False,
    }


def test_alerts_cost_the_poll_no_call(team: Team, agent: str) -> None:
    team.plan({"app": "queue", "queue_id": team.queue(agent)})
    team.text(ANN)
    team.step(ANN)
    told = []
    for enabled in (False, True):
        configure(team, enabled=enabled)
        offers(team, agent)
        with counted() as calls:
            assert bool(offers(team, agent)[0]["alert"]) == enabled
        told.append(list(calls))
    assert told[0] == told[1]


def test_every_variable_that_may_be_saved_is_filled_in() -> None:
    text = " ".join(f"{{{{ {name} }}}}" for name in templates.ALERT_VARIABLES)
    account = {
        "key": "K",
        "name": "A",
        "notification": {"enabled": True, "title": text, "body": "", "sound": 0, "shake": 0},
    }
    row = {"contact_name": "C", "address": "P", "preview": "M", "queue_name": "Q"}
    found = alerts.alert(row, account)
    assert found
    assert found["title"] == "K A C P M Q"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hi {{contact.name|there}}", "Hi there"),
        ("Hi {{ contact.name | you there }}!", "Hi you there!"),
        ("Hi {{contact.name}}!", "Hi !"),
        ("{{contact.phone|none}}", "+15"),
        ("{ {contact.phone} } {x}", "{ {contact.phone} } {x}"),
    ],
)
def test_a_variable_without_a_value_becomes_what_it_names_instead(text: str, shown: str) -> None:
    assert templates.mistake(text, templates.ALERT_VARIABLES) is None
    assert templates.render(text, {"contact.name": None, "contact.phone": "+15"}) == shown


@pytest.mark.parametrize(
    "text", ["{{contact.secret}}", "{{1 + 1}}", "{{contact.name", "contact.name}}", "{{contact.name|{{queue.name}}}}"]
)
def test_what_is_no_variable_is_a_mistake_that_names_those_there_are(text: str) -> None:
    wrong = templates.mistake(text, templates.ALERT_VARIABLES)
    assert wrong
    assert "contact.name, contact.phone" in wrong
