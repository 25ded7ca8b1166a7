"""Configured objects come, change and go: the events, and what is then true."""

from typing import Any

from chalicelib.store import db, table
from tests.faults.company import Company, Refused
from tests.faults.scenario import Event


def named(kind: str, name: str) -> list[dict[str, Any]]:
    return [item for item in db.query_all(table.configuration(kind, "")["pk"]) if item["name"] == name]


def created(company: Company, path: str, body: dict[str, Any], kind: str) -> Event:
    def one() -> None:
        found = len(named(kind, body["name"]))
        assert found == 1, f"there are {found} of it"

    return Event(lambda: company.asks("admin", "POST", path, body, **{"Idempotency-Key": "the-same"}), one)


def changed(company: Company, path: str, kind: str, identifier: str, method: str = "PATCH", **body: Any) -> Event:
    key = table.configuration(kind, identifier)
    version = (db.get(key) or {})["version"]

    def once() -> None:
        item = db.get(key) or {}
        assert item["version"] == version + 1, f"the version is {item['version']}"
        for name, value in body.items():
            assert item[name] == value, f"{name} is {item[name]}"

    return Event(lambda: company.asks("admin", method, path, body, **{"If-Match": f'"{version}"'}), once)


def deleted(company: Company, path: str, *keys: table.Key) -> Event:
    """Who deletes takes it for done when it is not there: a lost answer's repetition is told so."""

    def delete() -> None:
        try:
            company.asks("admin", "DELETE", path)
        except Refused as refused:
            if refused.status != 404:
                raise

    def gone() -> None:
        for key in keys:
            assert db.get(key) is None, f"{key['pk']} is still there"

    return Event(delete, gone)


def members(company: Company, path: str, of: str, add: list[str], remove: list[str]) -> Event:
    identifier = path.split("/")[-2]

    def done() -> None:
        for agent in add + remove:
            head = db.get(table.agent(agent)) or {}
            assert (identifier in head.get(of, ())) == (agent in add), f"{agent} is in {head.get(of)}"

    return Event(lambda: company.asks("admin", "POST", path, {"add": add, "remove": remove}), done)
