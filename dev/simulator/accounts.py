"""The accounts that the simulated providers know, kept in a JSON file so that a restart finds them."""

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path

import requests

from dev.simulator.contract import Account


class Accounts:
    """Registered accounts by id; every change is written to `state`, where one is given, before it is used."""

    def __init__(self, state: Path | None = None, dev_json: Path | None = None) -> None:
        """`dev_json` names the running app, which is asked about accounts that were not registered here."""
        self._state = state
        self._dev_json = dev_json
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        if state and state.exists():
            self._accounts = {item["id"]: Account(**item) for item in json.loads(state.read_text())["accounts"]}

    def put(self, account: Account) -> None:
        """Add the account or replace the one with its id."""
        with self._lock:
            self._accounts[account.id] = account
            if self._state:
                self._write(self._state)

    def of(self, provider: str) -> list[Account]:
        """The accounts at one provider, in the order in which they were registered."""
        with self._lock:
            return [account for account in self._accounts.values() if account.provider == provider]

    def ids(self) -> list[str]:
        """The ids of all accounts."""
        with self._lock:
            return list(self._accounts)

    def find(self, account_id: str) -> Account | None:
        """The account, learned from the app if it is there but was never registered."""
        with self._lock:
            known = self._accounts.get(account_id)
        if known or not self._dev_json:
            return known
        learned = self._learn(self._dev_json, account_id)
        if learned:
            self.put(learned)
        return learned

    def _write(self, state: Path) -> None:
        state.parent.mkdir(parents=True, exist_ok=True)
        draft = state.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"accounts": [asdict(account) for account in self._accounts.values()]}, indent=2))
        os.replace(draft, state)

    def _learn(self, dev_json: Path, account_id: str) -> Account | None:
        """An account of the app that shares its public credentials with a registered one, so its secrets as well."""
        try:
            dev = json.loads(dev_json.read_text())
            headers = {"Authorization": f"Bearer {dev['tokens']['admin']}"}
            answer = requests.get(f"{dev['api']}/sms/accounts/{account_id}", headers=headers, timeout=10)
            answer.raise_for_status()
            found = answer.json()
            public = {key: value for key, value in found["credentials"].items() if isinstance(value, str)}
            urls = found["receive_url"], found["delivery_url"]
        except (OSError, ValueError, KeyError, AttributeError):
            return None
        for known in self.of(found.get("type", "")):
            if public and public.items() <= known.credentials.items():
                return Account(account_id, known.provider, found["phone"], known.credentials, *urls)
        return None
