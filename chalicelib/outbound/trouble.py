"""Marks an account whose provider refuses it as such (credentials, funds), and takes the mark off again."""

from chalicelib.observability import count, logger
from chalicelib.providers.contract import SendError
from chalicelib.store import table
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_KINDS = frozenset({"credentials", "funds"})


def follow(account: Item, error: SendError | None, status: str, now: int) -> None:
    """After a try: `trouble` {kind, code, at} on the account's configuration, gone after the next accepted text.

    The cached account is changed along, so that it is not written for every text. Never raises: a mark is not
    worth a text.
    """
    if error and error.kind in _KINDS:
        # No dimension: the alarm watches all accounts together, and the log says which.
        count("AccountTrouble")
        logger.warning("account trouble", extra={"account_id": account["id"], "kind": error.kind})
        account["trouble"] = {"kind": error.kind, "code": error.code, "at": now}
    elif error is None and status != "unknown" and "trouble" in account:
        del account["trouble"]
    else:
        return
    try:
        key = table.configuration("account", account["id"])
        Transaction().update(key, EXISTS, put={"trouble": account.get("trouble")}).commit()
    except Lost:
        return
    except Exception as failure:
        logger.warning("account not marked", extra={"account_id": account["id"], "error": type(failure).__name__})
