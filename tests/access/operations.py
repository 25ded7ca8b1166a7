"""The operations of the OpenAPI document, and how to call each with given objects."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

# A body that each input model takes, by its name in the document; ids of objects are filled in.
BODIES: dict[str, dict[str, Any]] = {
    "AccountIn": {"name": "New", "type": "twilio", "phone": "+15005550001", "key": "{key}", "credentials": "{sealed}"},
    "AccountPatch": {"description": "changed"},
    "AgentIn": {"name": "New"},
    "AgentPatch": {"alias": "changed"},
    "BlockedIn": {"add": ["+15005550299"]},
    "CloseIn": {},
    "DispositionIn": {"name": "Disposition {key}"},
    "IntervalIn": {"name": "Interval {key}"},
    "IntervalPatch": {"description": "changed"},
    "PauseIn": {"name": "Pause {key}"},
    "QueueMembersIn": {"add": ["{agent_id}"]},
    "SimulationIn": {"at": "2026-01-01T00:00:00Z", "sender": "+15005550101", "text": "Hello"},
    "TeamIn": {"name": "Team {key}"},
    "TeamPatch": {"description": "changed"},
    "ContactListIn": {"name": "List {key}"},
    "ContactListPatch": {"description": "changed"},
    "MembersIn": {"add": ["{agent_id}"]},
    "MessageIn": {"text": "A reply"},
    "NoteIn": {"text": "A note"},
    "OptOutIn": {"account_id": "{account_id}", "address": "+15005550298", "state": "out"},
    "PlanIn": {"actions": []},
    "PresenceIn": {"state": "online"},
    "QueueIn": {"name": "Queue {key}"},
    "QueuePatch": {"description": "changed"},
    "ReadIn": {"n": 1},
    "ReassignIn": {"agent_id": "{agent_id}"},
    "ReassignManyIn": {"interactions": ["{interaction_id}"], "agent_id": "{agent_id}"},
    "SampleIn": {},
    "TestTextIn": {"to": "+15005550188"},
    "TransferIn": {"agent_id": "{agent_id}"},
    "TokenIn": {"name": "new", "role": "supervisor"},
    "TokenRotationIn": {},
}
HEADERS = {"If-Match": '"1"', "Idempotency-Key": "walk-{key}"}


@dataclass(frozen=True)
class Operation:
    """One operation of the document, with the roles that may call it; none where everybody may."""

    method: str
    path: str
    roles: frozenset[str]
    public: bool
    parameters: tuple[Mapping[str, Any], ...]
    body: str | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def objects(self) -> list[str]:
        """The objects that its path names, such as `account_id`."""
        return [parameter["name"] for parameter in self.parameters if parameter["in"] == "path"]

    def queries(self, objects: Mapping[str, str]) -> list[dict[str, str]]:
        """The queries to walk: one for each parameter that names an object, or none."""
        named = [p["name"] for p in self.parameters if p["in"] == "query" and p["name"] in objects]
        return [{name: objects[name]} for name in named] or [{}]

    def call(self, objects: Mapping[str, str], query: Mapping[str, str]) -> tuple[str, Any, dict[str, str]]:
        """URL, body and headers; KeyError for an object or a body that the walk does not know."""
        url = self.path.format(**objects) + (f"?{urlencode(query)}" if query else "")
        body = filled(BODIES[self.body], objects) if self.body else None
        wanted = [parameter["name"] for parameter in self.parameters if parameter["in"] == "header"]
        return url, body, {name: HEADERS[name].format(**objects) for name in wanted}


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of an OpenAPI document."""
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            yield Operation(
                method=method.upper(),
                path=path,
                roles=frozenset(found["x-roles"]) - {"public"},
                public=not found["security"],
                parameters=tuple(found["parameters"]),
                body=schema["$ref"].rsplit("/", 1)[-1] if schema else None,
            )


def filled(body: Mapping[str, Any], objects: Mapping[str, str]) -> Any:
    """A body with the names in braces replaced."""
    text = json.dumps(body).replace('"{sealed}"', '{"account_sid": "AC' + "0" * 32 + '", "auth_token": "x"}')
    for name, value in objects.items():
        text = text.replace("{%s}" % name, value)  # noqa: UP031 braces mean the name here
    return json.loads(text)
