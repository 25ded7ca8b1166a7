"""Posting webhooks to the app: one post with the provider's time limits and retries, and the workers behind."""

import queue
import threading
import traceback
from collections.abc import Callable

import requests

from dev.simulator.contract import Acknowledgement, SimulatedProvider, Webhook

MAX_ANSWER = 64 * 1024


def post(webhook: Webhook, provider: SimulatedProvider) -> Acknowledgement:
    """Post, and post again as far as the provider would; the last answer, or why there was none."""
    acknowledgement = _try(webhook, provider.webhook_timeouts)
    for _ in range(provider.webhook_attempts - 1):
        if not provider.retries(acknowledgement):
            break
        acknowledgement = _try(webhook, provider.webhook_timeouts)
    return acknowledgement


def _try(webhook: Webhook, timeouts: tuple[float, float]) -> Acknowledgement:
    with requests.Session() as session:
        session.trust_env = False  # no proxy of the environment: the app is on this machine
        try:
            response = session.request(
                webhook.method,
                webhook.url,
                data=webhook.body,
                headers=dict(webhook.headers),
                timeout=timeouts,
                allow_redirects=False,
                stream=True,
            )
            body = next(response.iter_content(MAX_ANSWER), b"")
        except requests.exceptions.ReadTimeout:
            return Acknowledgement(None, failure="timeout")
        except OSError:
            return Acknowledgement(None, failure="connection")
        return Acknowledgement(response.status_code, response.headers.get("Content-Type", ""), body)


class Workers:
    """Daemon threads that run jobs in the order given, so that a stop never waits for a slow app."""

    def __init__(self, size: int = 16) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for _ in range(size):
            threading.Thread(target=self._run, daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Run the job on the next free thread."""
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:  # a mistake in one job must not silence the reports of all others
                traceback.print_exc()
