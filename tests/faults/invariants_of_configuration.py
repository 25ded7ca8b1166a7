"""What must hold of the configured objects: each whole, each name taken once, members on both sides."""

from collections.abc import Iterator

from tests.faults.facts import Facts

_HEADS = {"agent": "AGENT", "queue": "QUEUE", "account": "ACC"}
_NAMES = {"account_key": ("account", "key", "account_id"), "queue": ("queue", "name", "queue_id")}
_NAMES |= {"list": ("list", "name", "list_id")}


def configuration(facts: Facts) -> Iterator[str]:
    for check in (heads, names, members, plans, tokens, contacts):
        yield from check(facts)


def heads(facts: Facts) -> Iterator[str]:
    """An agent, an account and a queue have a HEAD; that of a deleted queue or agent may stay, and says so."""
    for kind, partition in _HEADS.items():
        configured = {item["id"] for item in facts.of("CONFIG") if item["pk"] == f"CONFIG#{kind}"}
        there = [item for item in facts.of(partition) if item["sk"] == "HEAD" and "deleted" not in item]
        found = {item["pk"].partition("#")[2] for item in there}
        for identifier in configured - found:
            yield f"{kind} {identifier} has no HEAD"
        for identifier in found - configured:
            if kind != "queue":
                yield f"the HEAD of {kind} {identifier} belongs to nothing"


def names(facts: Facts) -> Iterator[str]:
    """A name that must exist once is held by the object that has it, and by no other."""
    held = {item["pk"]: item for item in facts.of("UNIQUE") if "#default#" not in item["pk"]}
    for unique, (kind, attribute, pointer) in _NAMES.items():
        have = {
            f"UNIQUE#{unique}#{item[attribute].lower()}": item["id"]
            for item in facts.of("CONFIG")
            if item["pk"] == f"CONFIG#{kind}"
        }
        taken = {pk: item[pointer] for pk, item in held.items() if pk.startswith(f"UNIQUE#{unique}#")}
        for pk in {pk for pk in have.keys() | taken.keys() if have.get(pk) != taken.get(pk)}:
            yield f"{pk} is held by {taken.get(pk)}, belongs to {have.get(pk)}"


def members(facts: Facts) -> Iterator[str]:
    """Who is on an account or in a queue knows it, and the other way round."""
    for kind, attribute in (("ACC", "accounts"), ("QUEUE", "queues")):
        listed = {(item["pk"].partition("#")[2], item["sk"].partition("#")[2]) for item in facts.of(kind, "M#")}
        known = {(one, agent) for agent, head in facts.heads.items() for one in head.get(attribute, ())}
        for identifier, agent in listed ^ known:
            yield f"{identifier} and {agent} disagree about membership"


def plans(facts: Facts) -> Iterator[str]:
    """The present plan exists, and whoever it names knows it."""
    named = set()
    for account in facts.of("CONFIG"):
        if account["pk"] != "CONFIG#account":
            continue
        plan = facts.by_key.get((f"ACC#{account['id']}", f"PLAN#{account['plan_version']:08d}"))
        if plan is None:
            yield f"account {account['id']} has no plan {account['plan_version']}"
            continue
        for action in plan["actions"]:
            names = (action.get(field) for field in ("agent_id", "queue_id", "interval_id", "disposition"))
            named |= {(one, account["id"]) for one in names if one}
        pause = account.get("mandatory_disposition", {}).get("pause_id")
        named |= {(pause, account["id"])} if pause else set()
    known = {(item["id"], account) for item in facts.of("CONFIG") for account in item.get("named_by", ())}
    for identifier, account in named ^ known:
        yield f"{identifier} and account {account} disagree about what it names"


def tokens(facts: Facts) -> Iterator[str]:
    """A token that is shown works, and one that works is shown."""
    working = {item["id"] for item in facts.of("TOKEN")}
    shown = {item["id"] for item in facts.of("CONFIG") if item["pk"] == "CONFIG#token"}
    for identifier in working ^ shown:
        yield f"token {identifier} is shown or works, not both"


def contacts(facts: Facts) -> Iterator[str]:
    """A number leads to a contact that has it, one in each list."""
    for item in facts.of("PHONE"):
        address = item["pk"].partition("#")[2]
        contact = facts.by_key.get((f"CONTACT#{item['contact_id']}", "CONTACT"), {})
        if address not in contact.get("phones", ()):
            yield f"{address} leads to a contact that does not have it"
        if item["sk"] == "FIRST":
            for list_id, contact_id in item["lists"].items():
                if not facts.has(item["pk"], f"{list_id}#{contact_id}"):
                    yield f"{address} is not listed in {list_id}"
    for meta in facts.metas.values():
        if "in_count" not in meta and "contact_id" not in meta:
            continue  # only written to: nobody has texted yet
        if not facts.has(f"CONTACT#{meta.get('contact_id')}", "CONTACT"):
            yield f"{meta['interaction_id']} has a contact who does not exist"
