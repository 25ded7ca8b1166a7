"""What the simulator has seen: send requests, texts that reached customers, and wrong acknowledgements."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count

from dev.simulator.contract import SendAttempt, Sent


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Three lists, oldest first, in memory; `n` grows over all send requests and is never given twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._order = count(1)
        self._requests: dict[int, dict[str, object]] = {}
        self._inboxes: dict[str, list[dict[str, object]]] = {}
        self._mismatches: list[Mapping[str, object]] = []

    def received(self, provider: str, attempt: SendAttempt) -> int:
        """Note a send request when it comes in; its number."""
        with self._lock:
            n = next(self._order)
            entry = {"n": n, "provider": provider, "to": attempt.recipient, "text": attempt.text}
            self._requests[n] = {**entry, "status": None, "at": _now()}
            return n

    def answered(self, n: int, status: int) -> None:
        """Note the HTTP status of the answer; a request that never gets one keeps null."""
        with self._lock:
            if n in self._requests:
                self._requests[n]["status"] = status

    def requests(self, provider: str | None) -> list[dict[str, object]]:
        """The send requests, of one provider or of all."""
        with self._lock:
            return [dict(entry) for entry in self._requests.values() if provider in (None, entry["provider"])]

    def forget_requests(self) -> None:
        """Empty the list of send requests; the numbers go on."""
        with self._lock:
            self._requests.clear()

    def delivered(self, n: int, sent: Sent) -> None:
        """Put a text into the inbox of its recipient, at the place of send request `n`."""
        entry = {
            "n": n,
            "account_id": sent.account.id,
            "sender": sent.sender,
            "text": sent.text,
            "media": list(sent.media),
            "provider_message_id": sent.provider_message_id,
            "received_at": _now(),
        }
        with self._lock:
            inbox = self._inboxes.setdefault(sent.recipient, [])
            inbox.append(entry)
            inbox.sort(key=lambda text: int(str(text["n"])))

    def inbox(self, number: str) -> list[dict[str, object]]:
        """The texts that a customer has."""
        with self._lock:
            return list(self._inboxes.get(number, ()))

    def mismatch(self, account_id: str, webhook: str, provider_message_id: str, problem: str) -> None:
        """Note an answer of the app that the provider would not like."""
        entry = {"account_id": account_id, "webhook": webhook, "provider_message_id": provider_message_id}
        with self._lock:
            self._mismatches.append({**entry, "problem": problem, "at": _now()})

    def mismatches(self) -> list[Mapping[str, object]]:
        """The wrong acknowledgements so far."""
        with self._lock:
            return list(self._mismatches)

    def forget_mismatches(self) -> None:
        """Empty the list of wrong acknowledgements."""
        with self._lock:
            self._mismatches.clear()
