"""Interactions over HTTP: lists, threads, and what agents do with them."""

from collections.abc import Callable
from typing import Any

from chalicelib.api import access, cursors, pages, problem
from chalicelib.api.request import Request
from chalicelib.api.routes import AGENT
from chalicelib.models.common import Problem
from chalicelib.models.errors import Refused, invalid
from chalicelib.models.interactions import Interaction, Line, Reassigned, ReassignedOne
from chalicelib.outbound import replies
from chalicelib.routing import answers, closing, disposing, reading, realtime, transfer, views
from chalicelib.routing import reassign as reassigning
from chalicelib.routing import reopen as reopening
from chalicelib.store import accounts, by_last, configured, conversations, db, dispositions, table
from chalicelib.store.db import Item

OFFLINE = "offline"  # as `owner` of a list: whoever is not there
_ROUNDS = 5  # pages of the index that one request looks through


def _present(request: Request, meta: Item) -> Interaction:
    account = accounts.get_cached(meta["account_id"], request.now) or {"key": ""}
    return Interaction.model_validate(views.interaction(meta, account["key"]))


def _visible(request: Request, interaction_id: str) -> Item:
    """The interaction, if the caller may see its account; raises Refused `not-found`."""
    meta = conversations.get(interaction_id)
    visible = access.visible_accounts(request) if meta else None
    if meta is None or (visible is not None and meta["account_id"] not in visible):
        raise Refused("not-found", "There is no such interaction.")
    return meta


def index(request: Request) -> dict[str, Any]:
    """A page of an account's interactions, the newest first, by start or by last message.

    A filter that few fit may end a page early: `has_more` says whether to go on.
    """
    account = access.require_account(request, request.query["account_id"])
    name, sk = (table.BY_START, "g1sk") if request.query["sort"] == "started" else (table.BY_LAST, "g2sk")
    kind, limit = f"interactions {name}", request.query["limit"]
    cursor = request.query["cursor"]
    after = cursors.decode(kind, cursor, after=str)["after"] if cursor else None
    shown: list[Item] = []
    for _ in range(_ROUNDS):
        items, left = _listed(request, account["id"], name, after, limit + 1)
        kept = _kept(request, [m for m in db.get_many(table.key(i["pk"], i["sk"]) for i in items) if m])
        for item in items:
            if len(shown) == limit:
                left = True
                break
            after = item[sk]
            if item["pk"] in kept:
                shown.append(kept[item["pk"]])
        if not left or len(shown) == limit:
            break
    following = cursors.encode(kind, after=after) if left and after else None
    return pages.page([_present(request, meta) for meta in shown], following)


def _listed(
    request: Request, account_id: str, index_name: str, before: str | None, limit: int
) -> tuple[list[Item], bool]:
    """What the index has next, and whether there is more; it may lag behind."""
    status = request.query["status"] or ("open" if request.query["owner"] == OFFLINE else None)
    if index_name == table.BY_LAST:
        return by_last.newest(account_id, status, before=before, limit=limit)
    older = ("g1sk", "<", before) if before else None
    partition = ("g1pk", table.in_account(account_id))
    page = db.query_index(table.BY_START, partition, older, limit=limit, forward=False)
    return page.items, page.last is not None


def _kept(request: Request, metas: list[Item]) -> dict[str, Item]:
    """Those that the filters let through, by partition key."""
    status, owner = request.query["status"], request.query["owner"]
    if status:
        metas = [meta for meta in metas if meta["status"] == status]
    if owner == OFFLINE:
        metas = realtime.at_offline_agents(metas, {}, request.now)
    elif owner:
        wanted = request.who().agent() if owner == "me" else None if owner == "none" else owner
        metas = [meta for meta in metas if meta.get("owner") == wanted]
    return {meta["pk"]: meta for meta in metas}


def show(request: Request, interaction_id: str) -> Interaction:
    return _present(request, _visible(request, interaction_id))


def lines(request: Request, interaction_id: str) -> dict[str, Any]:
    """Lines of a thread, oldest first: after a number, or the last ones before it (default: the newest)."""
    _visible(request, interaction_id)
    limit, after, before = request.query["limit"], request.query["after"], request.query["before"]
    if after is not None and before is not None:
        raise Refused("invalid", "The query is not valid.", errors=[{"parameter": "after", "detail": "Not both."}])
    page = conversations.lines(
        interaction_id, after=after or 0, before=before, limit=limit + 1, newest=after is None
    ).items
    shown = page[:limit] if after is not None else page[-limit:]
    answer = pages.page([Line.model_validate(views.line(item)) for item in shown], None)
    answer["page"]["has_more"] = len(page) > limit
    return answer


def _line(item: Item) -> dict[str, Any]:
    return Line.model_validate(views.line(item)).model_dump(mode="json")


def reply(request: Request, interaction_id: str) -> dict[str, Any]:
    agent = request.who().agent()
    media = tuple(request.body.media_urls)
    text = request.body.text
    now = request.now
    item = replies.reply(interaction_id, agent, text, media, request.once, now, accept=answers.accept, present=_line)
    return _line(item)


def retry(request: Request, interaction_id: str, message_id: str) -> dict[str, Any]:
    agent = request.who().agent()
    return _line(replies.retry(interaction_id, message_id, agent, request.once, request.now, present=_line))


def note(request: Request, interaction_id: str) -> dict[str, Any]:
    caller = request.who()
    agent = caller.agent() if caller.role == AGENT else caller.agent_id
    item = replies.note(
        interaction_id,
        agent,
        request.body.text,
        request.once,
        request.now,
        present=_line,
        members_only=caller.role == AGENT,
    )
    return _line(item)


def _act(verb: Callable[[str, str, int], Item]) -> Callable[[Request, str], Interaction]:
    def handler(request: Request, interaction_id: str) -> Interaction:
        _visible(request, interaction_id)
        return _present(request, verb(interaction_id, request.who().agent(), request.now))

    return handler


accept = _act(answers.accept)
open = _act(answers.accept)
leave = _act(answers.leave)
take = _act(answers.take)
unread = _act(reading.unread)
dispose = _act(disposing.begin)
cancel_disposing = _act(disposing.cancel)


def reject(request: Request, interaction_id: str) -> None:
    _visible(request, interaction_id)
    answers.reject(interaction_id, request.who().agent(), request.now)


def read(request: Request, interaction_id: str) -> Interaction:
    _visible(request, interaction_id)
    return _present(request, reading.read(interaction_id, request.who().agent(), request.body.n, request.now))


def hand_over(request: Request, interaction_id: str) -> Interaction:
    _visible(request, interaction_id)
    target = request.body.model_dump()
    return _present(request, transfer.begin(interaction_id, request.who().agent(), target, request.now))


def take_back(request: Request, interaction_id: str) -> Interaction:
    _visible(request, interaction_id)
    return _present(request, transfer.take_back(interaction_id, request.who().agent(), request.now))


def reassign(request: Request, interaction_id: str) -> Interaction:
    return _present(request, _reassigned(request, interaction_id, _target(request)))


def reassign_many(request: Request) -> Reassigned:
    """Each by itself: one that cannot be reassigned does not keep the others."""
    target = _target(request)
    ids = dict.fromkeys(request.body.interactions)
    return Reassigned(data=[_one_reassigned(request, one, target) for one in ids])


def _one_reassigned(request: Request, interaction_id: str, target: Item | None) -> ReassignedOne:
    try:
        done = _present(request, _reassigned(request, interaction_id, target))
    except Refused as refused:
        told = problem.document(refused.code, refused.detail, **refused.extra)
        return ReassignedOne(id=interaction_id, interaction=None, problem=Problem.model_validate(told))
    return ReassignedOne(id=interaction_id, interaction=done, problem=None)


def _target(request: Request) -> Item | None:
    """The queue to reassign to, None for an agent. Raises Refused `invalid` for one that does not exist."""
    agent_id, queue_id = request.body.agent_id, request.body.queue_id
    found = configured.get("agent", agent_id) if agent_id else configured.get("queue", queue_id)
    if found is None:
        kind = "agent" if agent_id else "queue"
        raise invalid(f"/{kind}_id", f"There is no such {kind}.")
    return None if agent_id else found


def _reassigned(request: Request, interaction_id: str, queue: Item | None) -> Item:
    by = request.who().agent_id
    if queue:
        return reassigning.to_queue(interaction_id, queue, by, request.now)
    return reassigning.to_agent(interaction_id, request.body.agent_id, by, request.now)


def reopen(request: Request, interaction_id: str) -> Interaction:
    _visible(request, interaction_id)
    caller = request.who()
    agent = caller.agent() if caller.role == AGENT else caller.agent_id
    again = reopening.reopen(interaction_id, agent, request.now, supervisor=caller.role != AGENT)
    return _present(request, again)


def close(request: Request, interaction_id: str) -> Interaction:
    """Closed with a disposition of the account, its list, or the queue it was accepted through; or with none."""
    meta = _visible(request, interaction_id)
    caller = request.who()
    agent = caller.agent() if caller.role == AGENT else caller.agent_id
    named = request.body.disposition
    disposition = None
    if named:
        account = accounts.require(meta["account_id"])
        queue = meta.get("accepted_queue")
        disposition = dispositions.find(named, account, *([queue] if queue else []))
        if disposition is None:
            raise invalid("/disposition", "There is no such disposition for this interaction.")
    supervisor = caller.role != AGENT
    closed = closing.close(interaction_id, agent, request.now, supervisor=supervisor, disposition=disposition)
    return _present(request, closed)
