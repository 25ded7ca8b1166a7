"""What happens between a provider and the app: its API calls served, its texts and reports posted."""

import threading
from dataclasses import dataclass, field

from dev.simulator import webhooks
from dev.simulator.accounts import Accounts
from dev.simulator.behaviour import Behaviour, Behaviours
from dev.simulator.contract import (
    Account,
    Acknowledgement,
    Answer,
    ApiRequest,
    CustomerText,
    ReportStatus,
    Sent,
    SimulatedProvider,
)
from dev.simulator.journal import Journal

GARBAGE = Answer(200, {"Content-Type": "application/json"}, b"\xff\xfe<html>{")


@dataclass
class Exchange:
    """All simulated providers at work; `report_delay` is the time in seconds from an answer to its first report."""

    providers: dict[str, SimulatedProvider]
    accounts: Accounts
    report_delay: float = 0.3
    behaviours: Behaviours = field(default_factory=Behaviours)
    journal: Journal = field(default_factory=Journal)
    workers: webhooks.Workers = field(default_factory=webhooks.Workers)
    stopping: threading.Event = field(default_factory=threading.Event)

    def call(self, provider: SimulatedProvider, request: ApiRequest) -> Answer | None:
        """Serve a call of a provider's API; None means that the connection is closed without an answer."""
        attempt = provider.send_attempt(request)
        if attempt is None:
            return self._other_call(provider, request)
        n = self.journal.received(provider.name, attempt)
        answer = self._send(n, provider, request, self.behaviours.take(provider.name, attempt.recipient))
        if answer:
            self.journal.answered(n, answer.status)
        return answer

    def _other_call(self, provider: SimulatedProvider, request: ApiRequest) -> Answer | None:
        behaviour = self.behaviours.standing(provider.name)
        if self._disturbs(behaviour):
            return self._disturbance(provider, behaviour)
        result = provider.answer(request, self.accounts.of(provider.name))
        return result.answer if isinstance(result, Sent) else result

    @staticmethod
    def _disturbs(behaviour: Behaviour) -> bool:
        return behaviour.mode in ("down", "garbage", "throttled", "unavailable_503")

    @staticmethod
    def _disturbance(provider: SimulatedProvider, behaviour: Behaviour) -> Answer | None:
        """What is answered before the provider has looked at the call."""
        if behaviour.mode in ("throttled", "unavailable_503"):
            return provider.refusal(behaviour.mode, None, behaviour.wait)
        return GARBAGE if behaviour.mode == "garbage" else None

    def _send(self, n: int, provider: SimulatedProvider, request: ApiRequest, behaviour: Behaviour) -> Answer | None:
        if self._disturbs(behaviour):
            return self._disturbance(provider, behaviour)
        if behaviour.mode == "slow":
            self.stopping.wait(behaviour.wait)
        result = provider.answer(request, self.accounts.of(provider.name))
        if isinstance(result, Answer):
            return result
        if behaviour.mode == "reject":
            return provider.refusal("reject", behaviour.code, 0)
        if behaviour.mode != "undelivered":
            self.journal.delivered(n, result)
        if behaviour.mode == "reports_before_answer":
            self._post_reports(provider, result, behaviour)
        else:
            self.workers.submit(lambda: self._post_reports_later(provider, result, behaviour))
        if behaviour.mode == "accepted_then_timeout":
            self.stopping.wait(behaviour.wait)
            return None
        return result.answer

    def _post_reports_later(self, provider: SimulatedProvider, sent: Sent, behaviour: Behaviour) -> None:
        if not self.stopping.wait(self.report_delay):
            self._post_reports(provider, sent, behaviour)

    def _post_reports(self, provider: SimulatedProvider, sent: Sent, behaviour: Behaviour) -> None:
        """Post the reports one after the other, each after the app's answer to the one before."""
        url = _bare(sent) if behaviour.bare_url else sent.report_url
        for status in behaviour.reports if url else ():
            self._post_report(provider, sent, status, str(url), behaviour.code)

    def _post_report(
        self, provider: SimulatedProvider, sent: Sent, status: ReportStatus, url: str, code: int | None
    ) -> None:
        webhook = provider.report(sent, status, url, code)
        if webhook:
            answer = webhooks.post(webhook, provider)
            self._judge(provider, sent.account, f"report {status}", sent.provider_message_id, answer)

    def customer_text(self, account: Account, text: CustomerText, *, forged: bool = False) -> Acknowledgement:
        """Post a customer's text to the app; one with a forged signature should be refused and is not judged."""
        provider = self.providers[account.provider]
        sender = provider.forged(account) if forged else account
        answer = webhooks.post(provider.inbound(text, sender), provider)
        if not forged:
            self._judge(provider, account, "text", text.provider_message_id, answer)
        return answer

    def _judge(
        self, provider: SimulatedProvider, account: Account, webhook: str, message_id: str, answer: Acknowledgement
    ) -> None:
        problem = provider.acknowledgement_problem(answer)
        if problem:
            self.journal.mismatch(account.id, webhook, message_id, problem)


def _bare(sent: Sent) -> str | None:
    """The account's delivery URL; the app's URL for one message is that URL and the message's id."""
    if sent.account.delivery_url or not sent.report_url:
        return sent.account.delivery_url
    if sent.report_url == sent.account.receive_url:
        return sent.report_url
    return sent.report_url.rpartition("/")[0]
