"""Every key of the table, in one place.

Times inside keys are milliseconds, zero-padded so that they sort; `address` is the customer's number.
"""

from zlib import crc32

from chalicelib.config import DUE_SHARDS

Key = dict[str, str]


def key(pk: str, sk: str) -> Key:
    return {"pk": pk, "sk": sk}


# --- conversations ---------------------------------------------------------------------------------
def pointer(account: str, address: str) -> Key:
    """The permanent pointer from an address to its newest interaction; holds what inbound must know."""
    return key(f"CONV#{account}#{address}", "PTR")


def outgoing(account: str, address: str, message: str) -> Key:
    """A text on its way out; gone when the outcome of its try is known, or known to be unknown."""
    return key(f"CONV#{account}#{address}", f"OUT#{message}")


def meta(interaction: str) -> Key:
    return key(f"INT#{interaction}", "META")


def line(interaction: str, n: int) -> Key:
    return key(f"INT#{interaction}", f"L#{n:08d}")


def status_change(interaction: str, n: int) -> Key:
    """Says that line n changed its delivery state or text lately (`at`); polls read these instead of whole threads."""
    return key(f"INT#{interaction}", f"S#{n:08d}")


# --- who works on them -----------------------------------------------------------------------------
def agent(agent_id: str) -> Key:
    return key(f"AGENT#{agent_id}", "HEAD")


def own(agent_id: str, interaction: str) -> Key:
    return key(f"AGENT#{agent_id}", f"I#{interaction}")


def directed(agent_id: str, interaction: str) -> Key:
    """An offer to one agent."""
    return key(f"AGENT#{agent_id}", f"O#{interaction}")


def departure(agent_id: str, account_id: str) -> Key:
    """An agent was taken off an account; gone when all that this leaves to others has been seen to."""
    return key(f"AGENT#{agent_id}", f"LEFT#{account_id}")


def queue(queue_id: str) -> Key:
    return key(f"QUEUE#{queue_id}", "HEAD")


def waiting(queue_id: str, since: int, interaction: str) -> Key:
    return key(f"QUEUE#{queue_id}", f"W#{since:013d}#{interaction}")


def member(queue_id: str, agent_id: str) -> Key:
    return key(f"QUEUE#{queue_id}", f"M#{agent_id}")


def queue_team(queue_id: str, team_id: str) -> Key:
    return key(f"QUEUE#{queue_id}", f"T#{team_id}")


def team_member(team_id: str, agent_id: str) -> Key:
    return key(f"TEAM#{team_id}", f"M#{agent_id}")


def team_queue(team_id: str, queue_id: str) -> Key:
    return key(f"TEAM#{team_id}", f"Q#{queue_id}")


def account(account_id: str) -> Key:
    return key(f"ACC#{account_id}", "HEAD")


def account_member(account_id: str, agent_id: str) -> Key:
    return key(f"ACC#{account_id}", f"M#{agent_id}")


def unassigned(account_id: str, since: int, interaction: str) -> Key:
    """An interaction whose plan ended with nobody."""
    return key(f"ACC#{account_id}", f"U#{since:013d}#{interaction}")


def plan(account_id: str, version: int) -> Key:
    return key(f"ACC#{account_id}", f"PLAN#{version:08d}")


def pace(account_id: str) -> Key:
    """`next_free_at`: when the account's next segment may leave."""
    return key(f"PACE#{account_id}", "PACE")


# --- messages --------------------------------------------------------------------------------------
def duplicate(account_id: str, fingerprint: str) -> Key:
    return key(f"DEDUP#{account_id}#{fingerprint}", "DEDUP")


def parts(account_id: str, address: str, reference: str, total: int) -> Key:
    """A long text that comes in parts: where it is shown, and the parts that have come so far."""
    return key(f"PARTS#{account_id}#{address}", f"{reference}#{total}")


def provider_message(account_id: str, provider_id: str) -> Key:
    """The provider's id of a sent text -> where it stands; or a report that came before it was known."""
    return key(f"PID#{account_id}#{provider_id}", "PID")


def message(message_id: str) -> Key:
    return key(f"MSG#{message_id}", "MSG")


def exchange(account_id: str, at: int, mark: str) -> Key:
    """A call between the desk and the account's provider; `mark` tells those of one millisecond apart."""
    return key(f"EXCHANGE#{account_id}", f"{at:013d}#{mark}")


# --- people ----------------------------------------------------------------------------------------
def phone(address: str) -> Key:
    """Who has this number: `contact_id`, `name` of the oldest contact and `lists` {list: contact}."""
    return key(f"PHONE#{address}", "FIRST")


def phone_of(address: str, list_id: str, contact_id: str) -> Key:
    return key(f"PHONE#{address}", f"{list_id}#{contact_id}")


def contact(contact_id: str) -> Key:
    return key(f"CONTACT#{contact_id}", "CONTACT")


def opt_out(account_id: str, address: str) -> Key:
    """What a number wants, and whether it is wanted: its row of the ledger of opt-outs, and its block."""
    return key(f"OPT#{account_id}#{address}", "OPT")


def auto_replies(address: str, hour: int) -> Key:
    """How many automatic replies an address got in one hour (hours since the epoch)."""
    return key(f"AUTO#{address}", f"H#{hour}")


# --- configuration ---------------------------------------------------------------------------------
def configuration(kind: str, identifier: str) -> Key:
    """One configured object; a kind's objects share a partition, so that a list is one consistent query."""
    return key(f"CONFIG#{kind}", identifier)


def unique(kind: str, name: str) -> Key:
    """Holds a name that may exist once (folded by the caller)."""
    return key(f"UNIQUE#{kind}#{name}", "UNIQUE")


def token(digest: str) -> Key:
    return key(f"TOKEN#{digest}", "TOKEN")


def idempotency(scope: str, value: str) -> Key:
    return key(f"IDEMPOTENCY#{scope}#{value}", "IDEMPOTENCY")


# --- indexes ---------------------------------------------------------------------------------------
BY_START, BY_LAST, DUE = "by_start", "by_last", "due"


def in_account(account_id: str) -> str:
    """Partition of `by_start` with all interactions of an account, and of `by_last` with the closed ones."""
    return f"ACC#{account_id}"


def open_in_account(account_id: str) -> str:
    """Partition of `by_last` with an account's open interactions; `in_account` has the closed ones there."""
    return f"OPEN#{account_id}"


def in_list(list_id: str) -> str:
    """Partition of `by_start` that lists the contacts of a list."""
    return f"LIST#{list_id}"


def opt_outs_in(account_id: str) -> str:
    """Partition of `by_start` that lists an account's ledger of opt-outs."""
    return f"OPTS#{account_id}"


def blocked_in(account_id: str) -> str:
    """Partition of `by_last` that lists an account's blocked numbers."""
    return f"BLOCKED#{account_id}"


def due_shards() -> list[str]:
    return [f"DUE#{n}" for n in range(DUE_SHARDS)]


def due_shard(pk: str) -> str:
    return f"DUE#{crc32(pk.encode()) % DUE_SHARDS}"
