"""The thread explains itself: what was decided, for whom, why, and for how long, as a person reads it."""

from typing import Any

import pytest

from tests.team import Team

ANN = "+15005550010"
NEVER: dict[str, Any] = {"parts": []}
BOTH = {"agent": {"enabled": True, "timeout": 30}, "queue": {"enabled": True, "timeout": 20}}


class Story:
    """One conversation; `told` answers the event lines that came since it was asked last."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self._read = 0

    @property
    def interaction(self) -> str:
        return str(self.team.interaction(ANN)["interaction_id"])

    def told(self) -> list[str]:
        lines = self.team.thread(self.interaction)
        fresh, self._read = lines[self._read :], len(lines)
        return [line["text"] for line in fresh if line["kind"] == "event"]

    def texts(self, text: str = "Hello", *, wait: float = 0) -> None:
        self.team.text(ANN, text)
        self.team.later(wait)
        self.team.step(ANN)

    def passes(self, seconds: float) -> None:
        """Time passes, the agents' clients poll, and the wait is over."""
        self.team.later(seconds)
        self.team.step(ANN)

    def does(self, agent: str, verb: str, body: Any = None) -> None:
        answer = self.team.act(agent, verb, self.interaction, body)
        assert answer.status_code < 300, answer.body
        if self.team.interaction(ANN)["status"] == "open":
            self.team.step(ANN)


@pytest.fixture
def story(team: Team) -> Story:
    team.open_account(transfer=BOTH, wait_for_assigned_agent=10, wait_for_assigned_queue=12)
    return Story(team)


def name_of(team: Team, queue: str) -> str:
    return str(team.must("admin", "GET", f"/sms/queues/{queue}")["name"])


def test_a_plan_tells_each_step_that_it_takes_or_skips_and_why(story: Story) -> None:
    team = story.team
    ann, out = team.agent("Ann"), team.agent("Out", on_account=False)
    empty, queue = team.queue(out), team.queue(ann)
    price = {"conditions": [{"field": "message.text", "op": "contains", "value": "price"}]}
    team.plan(
        {"app": "goto_if", "if": price, "then": "sales", "else": "greet"},
        {"id": "sales", "app": "tag", "tag": "sales"},
        {"id": "greet", "app": "auto_reply", "text": "One moment", "times": "always"},
        {"app": "queue", "queue_id": empty, "timeout": 5},
        {"app": "agent", "agent_id": out, "timeout": 5},
        {"app": "agent", "agent_id": ann, "timeout": 5, "interval": NEVER},
        {"app": "noop", "text": "Nobody special"},
        {"app": "goto", "to": "ask"},
        {"app": "noop", "text": "never"},
        {"id": "ask", "app": "agent", "agent_id": ann, "timeout": 30, "renotify_every": 10},
        {"app": "queue", "queue_id": queue, "timeout": 20},
    )
    story.texts("What is the price?")
    assert story.told() == [
        "Plan: the conditions hold, goes on with step 2 (tag)",
        "Plan: tagged sales",
        f"Plan: queue {name_of(team, empty)} skipped, none of its members is on this account",
        "Plan: agent Out skipped, not on this account",
        "Plan: agent skipped, outside its interval",
        "Nobody special",
        "Plan: goes on with step 10 (agent)",
        "Plan: offered to Ann for 30 s, told again every 10 s: named by the plan",
    ]
    for _ in range(3):
        story.passes(10.001)
    assert story.told() == [
        "Ann did not answer in time",
        f"Plan: offered to everybody in queue {name_of(team, queue)} for 20 s",
    ]
    story.passes(20.001)
    assert story.told() == [
        "Nobody accepted in time",
        "The action plan ended with nobody; open for every agent of the account",
    ]
    story.does(ann, "open")
    assert story.told() == ["Accepted by Ann"]


def test_a_customer_who_comes_back_goes_from_the_last_owner_to_the_queue_to_the_plan(story: Story) -> None:
    team = story.team
    ann, ben = team.agent("Ann"), team.agent("Ben")
    queue = team.queue(ann, ben)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30})
    story.texts()
    story.does(ann, "accept")
    story.does(ann, "leave")
    name = name_of(team, queue)
    assert story.told() == [f"Plan: offered to everybody in queue {name} for 30 s", "Accepted by Ann"]
    story.texts("One more thing")
    story.passes(10.001)
    story.does(ann, "reject")
    assert story.told() == [
        "Offered to Ann for 10 s: had this customer last",
        "Ann did not answer in time",
        f"Offered to everybody in queue {name} for 12 s: queue of the last agent",
        "Rejected by Ann",
    ]
    story.does(ben, "reject")
    assert story.told() == [
        "Rejected by Ben",
        "Everybody in the queue who is online has rejected it",
        f"Plan: offered to everybody in queue {name} for 30 s",
    ]


def test_a_conversation_that_is_handed_over_and_taken_over(story: Story) -> None:
    team = story.team
    ann, ben, boss = team.agent("Ann"), team.agent("Ben"), team.agent("Boss")
    token = {"name": "Boss", "role": "supervisor", "agent_id": boss}
    team.tokens[boss] = team.must("admin", "POST", "/tokens", token)["secret"]
    queue, exclusive = team.queue(ann), team.queue(ben, strategy="rrmemory", agent_timeout=15)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30})
    story.texts()
    story.does(ann, "accept")
    story.told()
    story.does(ann, "transfer", {"agent_id": ben, "note": "VIP"})
    story.does(ben, "reject")
    assert story.told() == [
        "Ann hands it over: VIP",
        "Offered to Ben for 30 s: handed over",
        "Rejected by Ben",
        "Transfer rejected: back to Ann",
    ]
    story.does(ann, "transfer", {"queue_id": exclusive})
    story.passes(15.001)
    story.passes(5)
    assert story.told() == [
        "Ann hands it over",
        f"Waiting in queue {name_of(team, exclusive)} for 20 s: handed over",
        f"Offered to Ben for 15 s: next in turn in queue {name_of(team, exclusive)}, longest waiting (0 s)",
        "Rang out at Ben",
        f"Offered to Ben for 5 s: next in turn in queue {name_of(team, exclusive)}, longest waiting (15 s)",
        "Rang out at Ben",
        "Transfer not accepted in time: back to Ann",
    ]
    story.does(ann, "transfer", {"agent_id": ben})
    path = f"/sms/interactions/{story.interaction}"
    team.must(ann, "DELETE", f"{path}/transfer")
    story.does(ann, "transfer", {"agent_id": ben})
    story.does(ben, "accept")
    story.does(boss, "take")
    story.does(boss, "dispose")
    sold = team.must("admin", "POST", "/dispositions", {"name": "Sold"})["id"]
    story.does(boss, "close", {"disposition": sold})
    handed_over = ["Ann hands it over", "Offered to Ben for 30 s: handed over"]
    assert story.told() == [
        *handed_over,
        "Ann took it back",
        *handed_over,
        "Accepted by Ben",
        "Taken over by Boss from Ben",
        "Boss is disposing of it",
        "Closed by Boss as Sold",
    ]


def test_a_transfer_whose_receiver_has_left_the_account_comes_back_saying_so(story: Story) -> None:
    team = story.team
    ann, ben = team.agent("Ann"), team.agent("Ben")
    team.plan({"app": "agent", "agent_id": ann})
    story.texts()
    story.does(ann, "accept")
    story.told()
    assert team.act(ann, "transfer", story.interaction, {"agent_id": ben}).status_code == 200
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"remove": [ben]})
    team.step(ANN)
    assert story.told() == ["Ann hands it over", "Transfer found nobody on this account: back to Ann"]


@pytest.mark.parametrize(("strategy", "why"), [("rrmemory", "next in turn"), ("least_recent", "rung longest ago")])
def test_an_exclusive_queue_tells_whom_it_rings_and_why(story: Story, strategy: str, why: str) -> None:
    team = story.team
    one, two, three = (team.agent(name) for name in ("One", "Two", "Three"))
    queue = team.queue(one, two, three, strategy=strategy, agent_timeout=15)
    name = name_of(team, queue)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 40})
    story.texts(wait=2)
    story.passes(15.001)
    story.does(two, "reject")
    team.presence(three, "paused", "lunch")
    assert story.told() == [
        f"Plan: waiting in queue {name} for 40 s",
        f"Offered to One for 15 s: {why} in queue {name}, longest waiting (2 s)",
        "Rang out at One",
        "One gets no more offers until they say that they are back",
        f"Offered to Two for 15 s: {why} in queue {name}, longest waiting (17 s)",
        "Rejected by Two",
        f"Offered to Three for 15 s: {why} in queue {name}, longest waiting (17 s)",
        "Three went while it rang",
    ]
    story.passes(10)
    team.presence(three, "online")
    story.passes(15)
    assert story.told() == [
        f"Offered to Three for 15 s: {why} in queue {name}, longest waiting (27 s)",
        "Rang out at Three",
        "Nobody accepted in time",
        "The action plan ended with nobody; open for every agent of the account",
    ]


def test_a_common_queue_tells_that_it_asks_everybody(story: Story) -> None:
    team = story.team
    one, two = team.agent("One"), team.agent("Two")
    queue = team.queue(one, two)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 40}, {"app": "noop", "text": "Nobody"})
    story.texts()
    story.does(one, "reject")
    story.does(two, "accept")
    assert story.told() == [
        f"Plan: offered to everybody in queue {name_of(team, queue)} for 40 s",
        "Rejected by One",
        "Accepted by Two",
    ]


def test_an_opening_is_waited_for_and_told(story: Story) -> None:
    team = story.team
    ann = team.agent("Ann")
    morning = {"zone": "UTC", "parts": [{"type": "custom", "from": "09:00", "to": "09:59"}]}
    team.plan({"app": "agent", "agent_id": ann, "interval": morning})
    story.texts()
    assert story.told() == [
        "Plan: agent skipped, outside its interval",
        "The action plan ended with nobody; it is tried again at 2026-01-01T09:00:00.000Z",
    ]
    story.passes(9 * 3600)
    assert story.told() == [
        "The action plan is open again",
        "Plan: offered to Ann for 30 s, told again every 10 s: named by the plan",
    ]


def test_a_tab_that_is_left_with_a_text_unread_says_why_it_is_offered_again(story: Story) -> None:
    team = story.team
    ann = team.agent("Ann")
    team.plan({"app": "agent", "agent_id": ann})
    story.texts()
    story.does(ann, "accept")
    story.told()
    team.text(ANN, "Are you there?")
    story.does(ann, "leave")
    assert story.told() == ["Ann is not there: looking for somebody", "Offered to Ann for 10 s: had this customer last"]
