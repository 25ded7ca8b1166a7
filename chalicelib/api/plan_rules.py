"""What a plan's steps must keep beyond their types, and the form in which they are stored."""

import base64
import secrets as random
from collections.abc import Iterator, Sequence

from chalicelib.api import account_rules
from chalicelib.models.errors import Refused
from chalicelib.models.ids import new_id
from chalicelib.routing import conditions
from chalicelib.routing.closing import requires_disposition
from chalicelib.routing.plan_lint import Finding, lint, without_disposition
from chalicelib.store import secrets
from chalicelib.store.db import Item

_SECRET_BYTES = 32
_BINDING = ("interval_id", "interval", "when")


def mistakes(actions: Sequence[Item], account: Item) -> list[Finding]:
    """Everything that keeps these steps from being an account's plan, with JSON pointers."""
    found = [*_ids(actions)]
    for position, action in enumerate(actions):
        found += (_finding(position, field, detail) for field, detail in _of_step(action))
    if requires_disposition(account):
        found += without_disposition(actions)
    return found or lint(actions)[0]


def check_closing(account: Item, actions: Sequence[Item]) -> None:
    """Raises Refused `invalid` where an account requires dispositions and its plan closes without one."""
    if not requires_disposition(account):
        return
    numbers = [int(finding["pointer"].split("/")[2]) for finding in without_disposition(actions)]
    errors = [
        {
            "pointer": "/mandatory_disposition/enabled",
            "detail": f"Step {actions[n]['id']} of the plan closes without one.",
        }
        for n in numbers
    ]
    if errors:
        raise Refused("invalid", "The request is not valid.", errors=errors)


def _ids(actions: Sequence[Item]) -> Iterator[Finding]:
    seen: set[str] = set()
    for position, action in enumerate(actions):
        if action["id"] in seen:
            yield _finding(position, "id", "An id that no other action has.")
        seen.add(action["id"])


def _of_step(action: Item) -> Iterator[tuple[str, str]]:
    if action.get("interval_id") and action.get("interval"):
        yield "interval", "Either interval_id or interval."
    if action.get("when") and not (action.get("interval_id") or action.get("interval")):
        yield "when", "Only together with interval_id or interval."
    if action["app"] == "goto_if":
        for n, one in enumerate(action["if"]["conditions"]):
            detail = conditions.mistake(one["field"], one["op"], one["value"])
            if detail:
                yield f"if/conditions/{n}", detail
    if action["app"] == "webhook" and not account_rules.may_be_called(action["url"]):
        yield "url", "An https URL of a public host."


def _finding(position: int, field: str, detail: str) -> Finding:
    return {"pointer": f"/actions/{position}/{field}", "detail": detail}


def with_id(action: Item) -> Item:
    return {**action, "id": action["id"] or new_id("act")}


def stored(actions: Sequence[Item], before: Sequence[Item], account_id: str) -> tuple[list[Item], dict[str, str]]:
    """Steps as the engine reads them, and the signing secrets that were made for them, by the step's id.

    What binds a step to an interval is absent where nothing does. A web hook keeps its sealed secret by its id.
    """
    kept = {one["id"]: one["secret"] for one in before if one["app"] == "webhook"}
    made: dict[str, str] = {}
    return [_stored(action, kept, made, account_id) for action in actions], made


def _stored(action: Item, kept: Item, made: dict[str, str], account_id: str) -> Item:
    bound = {name: action[name] for name in _BINDING if action.get(name)}
    if bound:
        bound.setdefault("when", "inside")
    step = {name: value for name, value in action.items() if name not in _BINDING} | bound
    if step["app"] == "webhook":
        step["secret"] = _secret(step, kept, made, account_id)
    return step


def _secret(step: Item, kept: Item, made: dict[str, str], account_id: str) -> Item:
    given = step["secret"]
    if given is None and step["id"] in kept:
        return kept[step["id"]]
    if given is None:
        given = made[step["id"]] = f"whsec_{base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()}"
    return secrets.seal(account_id, {"secret": given}, {"secret"})["secret"]


def shown(actions: Sequence[Item], made: dict[str, str]) -> list[Item]:
    """Steps without their secrets, but for those just made."""
    return [
        {**action, "secret": {"value": made.get(action["id"])}} if action["app"] == "webhook" else action
        for action in actions
    ]
