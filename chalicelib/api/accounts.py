"""SMS accounts over HTTP."""

import secrets as random
from typing import Any

from chalicelib import clock
from chalicelib.api import access, account_rules, member_changes, pages, plan_rules
from chalicelib.api.request import Request, Response
from chalicelib.api.routes import ADMIN
from chalicelib.config import SEGMENTS_PER_SECOND
from chalicelib.inbound import proof
from chalicelib.models.accounts import Account, TokenRotation
from chalicelib.models.common import MembersChanged
from chalicelib.models.errors import invalid
from chalicelib.models.ids import new_id
from chalicelib.outbound.identity import public_base
from chalicelib.providers.spec import ProviderSpec
from chalicelib.routing import departures
from chalicelib.routing.closing import requires_disposition
from chalicelib.routing.match import match, match_agent
from chalicelib.store import accounts, agents, db, dispositions, lists, plans, queues, secrets, table
from chalicelib.store.db import Item

_TOKEN_BYTES = 24  # 32 characters that need no escaping in a URL


def index(request: Request) -> dict[str, Any]:
    visible = access.visible_accounts(request)
    role = request.who().role
    if visible is None:
        return pages.of_partition(request, "accounts", accounts.PARTITION, lambda item: present(item, role))
    return pages.of_ids(request, "accounts", sorted(visible), accounts.get_many, lambda item: present(item, role))


def create(request: Request) -> Account:
    given = request.body.model_dump()
    given["credentials"] = _there(given["credentials"])
    spec = account_rules.spec_of(given["type"])
    account_rules.check(spec, given)
    identifier = new_id("acc")
    account: Item = {
        **given,
        "id": identifier,
        "phone": account_rules.phone(spec, given["phone"]),
        "list_id": given["list_id"] or lists.ensure_default(request.now),
        "credentials": secrets.seal(identifier, given["credentials"], _secret_names(spec)),
        **_defaults(spec, given),
        "token": _token(),
        "plan_version": 1,
        "created_at": request.now,
        "version": 1,
    }
    _check_close_after(account)
    shown = present(account, request.who().role)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    accounts.create(account, once, request.now)
    return shown


def show(request: Request, account_id: str) -> Account:
    return present(access.require_account(request, account_id), request.who().role)


def change(request: Request, account_id: str) -> Account:
    account = access.require_account(request, account_id)
    given = request.body.model_dump()
    changes = {name: given[name] for name in request.body.model_fields_set}
    spec = account_rules.spec_of(account["type"])
    credentials = _there({**secrets.reveal(account_id, account["credentials"]), **changes.get("credentials", {})})
    account_rules.check(spec, {**account, **changes, "credentials": credentials})
    _check_close_after({**account, **changes})
    if "phone" in changes:
        changes["phone"] = account_rules.phone(spec, changes["phone"])
    if "list_id" in changes and changes["list_id"] is None:
        changes["list_id"] = lists.ensure_default(request.now)
    if "credentials" in changes:
        fresh = secrets.seal(account_id, _there(changes["credentials"]), _secret_names(spec))
        changes["credentials"] = {name: fresh.get(name, account["credentials"].get(name)) for name in credentials}
    if "mandatory_disposition" in changes:
        plan_rules.check_closing({**account, **changes}, plans.current(account)["actions"])
    changes |= {name: value for name, value in _defaults(spec, changes).items() if name in changes}
    if public_base({**account, **changes}) != public_base(account):
        changes["old_base"] = public_base(account)
    version = request.version or 0
    accounts.change(account, version, changes, request.now)
    if accounts.is_enabled({**account, **changes}) and not accounts.is_enabled(account):
        match((queue["id"] for queue in db.query_all(queues.PARTITION)), request.now)
    return present({**account, **changes, "version": version + 1}, request.who().role)


def _check_close_after(account: Item) -> None:
    """Raises Refused `invalid` for a disposition that the account's conversations cannot have, or may not lack."""
    wanted = account.get("close_after", {})
    named = wanted.get("disposition")
    if wanted.get("days") and not named and requires_disposition(account):
        raise invalid("/close_after/disposition", "This account closes nothing without a disposition: name one.")
    if named and dispositions.find(named, account) is None:
        raise invalid("/close_after/disposition", "There is no such disposition for this account.")


def delete(_request: Request, account_id: str) -> Response:
    accounts.delete(account_id)
    return Response(204)


def rotate_token(request: Request, account_id: str) -> TokenRotation:
    account = access.require_account(request, account_id)
    changes = proof.rotated(account, _token(), request.body.overlap_hours, request.now)
    after = {**account, **changes, "version": account["version"] + 1}
    until = clock.rfc3339(proof.overlap_until(after, request.now))
    shown = TokenRotation(**present(after, request.who().role).model_dump(), old_token_until=until)
    kept = shown.model_dump(mode="json") | {"receive_url": None, "delivery_url": None}
    accounts.rotate(account, changes, request.once and request.once.answered(200, kept), request.now)
    return shown


def members(request: Request, account_id: str) -> dict[str, Any]:
    access.require_account(request, account_id)
    key = table.account_member(account_id, "")
    return pages.of_partition(request, "account-members", key["pk"], member_changes.present, key["sk"])


def change_members(request: Request, account_id: str) -> MembersChanged:
    access.require_account(request, account_id)
    member_changes.check(request.body)
    added, removed = accounts.change_members(account_id, request.body.add, request.body.remove, request.now)
    for agent_id in added:
        match_agent(agents.head(agent_id), request.now)
    for agent_id in request.body.remove:
        departures.finish(agent_id, request.now)
    return MembersChanged(added=added, removed=removed)


def _token() -> str:
    return random.token_urlsafe(_TOKEN_BYTES)


def _there(credentials: Item) -> Item:
    """Without those that are null, which have none or lose theirs."""
    return {name: value for name, value in credentials.items() if value is not None}


def _secret_names(spec: ProviderSpec) -> set[str]:
    return {field.name for field in spec.credentials if field.secret}


def _defaults(spec: ProviderSpec, given: Item) -> Item:
    """What the provider decides where the account says nothing."""
    rate = max(1, int(spec.segments_per_second or SEGMENTS_PER_SECOND))
    return {
        "segments_per_second": given.get("segments_per_second") or rate,
        "opt_out_reply": given.get("opt_out_reply") or spec.opt_out_reply,
    }


def present(account: Item, role: str) -> Account:
    """An account as somebody of a role may see it."""
    spec = account_rules.spec_of(account["type"])
    is_admin = role == ADMIN
    credentials = {
        name: _hidden(value) if not is_admin or isinstance(value, dict) else value
        for name, value in account["credentials"].items()
    }
    return Account.model_validate(
        {
            **dict.fromkeys(("domain", "base_url", "sender")),
            "signature": "enforce",
            "enabled": True,
            "reopen_hours": 0,
            **account,
            "credentials": credentials,
            "created_at": clock.rfc3339(account["created_at"]),
            "receive_url": url(account, "receive") if is_admin else None,
            "delivery_url": delivery_url(account, spec) if is_admin else None,
        }
    )


def _hidden(value: Any) -> dict[str, Any]:
    """A credential that is not shown; of one that is being rotated the number of its values."""
    values = len(value["sealed"] if isinstance(value, dict) else secrets.values_of(value))
    return {"set": True, "values": values} if values > 1 else {"set": True}


def delivery_url(account: Item, spec: ProviderSpec) -> str | None:
    """The URL of delivery reports as it is pasted at the provider; None where there is none to paste."""
    how = spec.reports.how
    shown = how == "always_shown" or (how == "pasted" and account["delivery_reports"])
    return url(account, "delivery") + spec.reports.url_suffix if shown else None


def url(account: Item, purpose: str) -> str:
    """The URL that the provider calls: `receive` or `delivery`."""
    return f"{public_base(account)}/sms/accounts/{account['id']}/{purpose}/{account['token']}"
