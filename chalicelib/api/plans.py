"""The action plan of an account over HTTP."""

from chalicelib.api import access
from chalicelib.api.request import Request
from chalicelib.models.errors import Refused
from chalicelib.models.ids import new_id
from chalicelib.models.plans import Plan
from chalicelib.store import plans
from chalicelib.store.db import Item


def show(request: Request, account_id: str) -> Plan:
    return Plan.model_validate(plans.current(access.require_account(request, account_id)))


def replace(request: Request, account_id: str) -> Plan:
    account = access.require_account(request, account_id)
    actions = [_with_id(action.model_dump()) for action in request.body.actions]
    _check_ids(actions)
    version = request.version or 0
    plans.replace(account, version, actions)
    return Plan.model_validate({"version": version + 1, "actions": actions})


def _with_id(action: Item) -> Item:
    return {**action, "id": action["id"] or new_id("act")}


def _check_ids(actions: list[Item]) -> None:
    seen: set[str] = set()
    mistakes = []
    for position, action in enumerate(actions):
        if action["id"] in seen:
            mistakes.append({"pointer": f"/actions/{position}/id", "detail": "An id that no other action has."})
        seen.add(action["id"])
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)
