"""States that several scenarios begin with."""

from chalicelib.store import db, table
from tests.faults.company import ANN, Company

SORRY = "We will answer tomorrow."


def plan_with_queue(company: Company, queue: str) -> None:
    """Thirty seconds in the queue, then an automatic reply, then for everybody."""
    company.plan(
        {"id": "ask", "app": "queue", "queue_id": queue, "timeout": 30},
        {"id": "sorry", "app": "auto_reply", "text": SORRY, "times": "once"},
    )


def offered(company: Company, address: str = ANN, *, queue: str | None = None) -> str:
    """An address's first text waits in a queue, the beepall one if no other is named; answers the interaction."""
    plan_with_queue(company, queue or company.beepall)
    company.customer_texts(address, f"Hello from {address}")
    company.waits(address)
    return company.interaction(address)["interaction_id"]


def taken(company: Company, address: str = ANN) -> str:
    """The first agent has accepted an address's first text and has it open in a tab."""
    interaction = offered(company, address)
    company.does(company.first, "accept", address)
    return interaction


def left_behind(company: Company, address: str = ANN) -> str:
    """The first agent has the interaction, read, and has closed its tab."""
    interaction = taken(company, address)
    company.does(company.first, "leave", address)
    return interaction


def directed(company: Company, address: str = ANN) -> str:
    """A second text is offered to the first agent, who had this customer last."""
    interaction = left_behind(company, address)
    company.customer_texts(address, "Hello again")
    company.waits(address)
    assert company.interaction(address)["stage"] == "assigned_agent"
    return interaction


def unassigned(company: Company, address: str = ANN) -> str:
    """The plan has ended with nobody."""
    company.plan()
    company.customer_texts(address, f"Hello from {address}")
    company.steps(address)
    meta = company.interaction(address)
    assert (meta["stage"], meta.get("owner")) == ("none", None)
    return meta["interaction_id"]


def queued(company: Company, *texts: str, address: str = ANN) -> list[str]:
    """The first agent has replied so, nothing has left yet; answers the messages' ids."""
    taken(company, address)
    return [reply(company, text, address) for text in texts]


def reply(company: Company, text: str, address: str = ANN) -> str:
    key = {"Idempotency-Key": text.replace(" ", "-")}
    return company.does(company.first, "messages", address, {"text": text}, **key)["id"]


def sent(company: Company, text: str) -> tuple[str, str]:
    """A reply has left; answers our id of it and the provider's."""
    (message,) = queued(company, text)
    company.receive_records()
    company.dispatch()
    return message, str(company.exchange.journal.inbox(ANN)[-1]["provider_message_id"])


def texts(company: Company, address: str = ANN, direction: str = "in") -> list[str]:
    """The texts of an address's present thread."""
    lines = company.thread(company.interaction(address)["interaction_id"])
    return [line["text"] for line in lines if line.get("direction") == direction]


def line(company: Company, message: str) -> dict[str, object]:
    where = db.get(table.message(message))
    assert where, "the message is not known"
    found = db.get(table.line(where["interaction_id"], where["n"]))
    assert found, "the line is not there"
    return found
