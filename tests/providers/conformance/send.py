"""What a provider makes of an answer, and of none."""

import dataclasses
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import pytest
import requests

from chalicelib.providers.calls import ForbiddenAddress, NeverSent, NoAnswer
from chalicelib.providers.contract import (
    Accepted,
    OutboundMessage,
    Provider,
    SendError,
    Status,
)
from tests.providers.conformance.base import DELIVERY_URL, MESSAGE, Conformance
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import Reply, Table

WORDS = ("message", "detail", "error", "description", "title", "code", "text")


def echoes(reply: Reply, said: str) -> Iterator[Reply]:
    """The reply with these words in the place of each of its values in turn, and under each usual name beside them."""
    if isinstance(reply.body, str):
        form = dict(parse_qsl(reply.body))
        bodies: Iterator[Any] = (urlencode(form | {name: said}) for name in form)
    else:
        bodies = echoed(reply.body, said)
    return (dataclasses.replace(reply, body=body) for body in bodies)


def echoed(value: Any, said: str) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from ({**value, name: said} for name in WORDS if name not in value)
        yield from ({**value, name: other} for name in value for other in echoed(value[name], said))
    elif isinstance(value, list):
        yield from ([*value[:n], other, *value[n + 1 :]] for n in range(len(value)) for other in echoed(value[n], said))
    else:
        yield said


class SendConformance(Conformance):
    def send(
        self, provider: Provider, table: Table, step: Reply | Exception, message: OutboundMessage = MESSAGE
    ) -> Accepted:
        http = ScriptedHttp([step] * table.tries(step), aside=table.aside)
        try:
            return provider.send(message, table.account, http)
        finally:
            assert len(http.calls) == table.tries(step)

    def refused(self, provider: Provider, table: Table, step: Reply | Exception) -> SendError:
        with pytest.raises(SendError) as error:
            self.send(provider, table, step)
        self.tells_nothing(table, error.value)
        return error.value

    def tells_nothing(self, table: Table, error: SendError) -> None:
        """Words for the agent there are, but nothing private in them."""
        shown = repr(error) + str(error) + str(error.detail) + str(error.code)
        private = (*table.secrets, MESSAGE.text, MESSAGE.recipient, MESSAGE.recipient[1:], table.account.phone[1:])
        assert not [value for value in private if value in shown]
        assert error.detail

    def test_an_accepted_message_has_the_providers_id(self, provider: Provider, table: Table) -> None:
        accepted = self.send(provider, table, table.accepted)
        assert accepted.provider_message_id == table.accepted_id
        assert accepted.status in (Status.queued, Status.sending, Status.sent)

    @pytest.mark.parametrize("text", ["plain", "Grüße + 1 & 2 = 3 %", "👍🏽 日本語\n2", "x" * 400])
    def test_calls_follow_the_providers_schema(self, provider: Provider, table: Table, text: str) -> None:
        http = ScriptedHttp([table.accepted], aside=table.aside)
        provider.send(dataclasses.replace(MESSAGE, text=text), table.account, http)
        table.validate_call(http.calls[0])

    def test_a_message_names_the_url_of_its_reports(self, provider: Provider, table: Table) -> None:
        if provider.spec.reports.how == "per_message":
            http = ScriptedHttp([table.accepted], aside=table.aside)
            provider.send(MESSAGE, table.account, http)
            sent = unquote_plus(http.calls[0].url + " " + http.calls[0].body.decode())
            assert (DELIVERY_URL in sent) == table.names_report_url

    def test_a_message_beyond_the_limits_is_not_sent(self, provider: Provider, table: Table) -> None:
        too_long = dataclasses.replace(MESSAGE, text="x" * (provider.spec.max_characters + 1))
        too_many = dataclasses.replace(
            MESSAGE, media_urls=("https://a.example",) * (provider.spec.media_per_message + 1)
        )
        for message in (too_long, too_many, dataclasses.replace(MESSAGE, text="")):
            with pytest.raises(SendError) as error:
                provider.send(message, table.account, ScriptedHttp([]))
            assert error.value.kind == "content"

    def test_errors_of_the_provider_are_told_by_kind_and_code(self, provider: Provider, table: Table) -> None:
        for reply, kind, code in (*table.errors, table.error_inside):
            error = self.refused(provider, table, reply)
            assert (error.kind, error.code) == (kind, code)

    @pytest.mark.parametrize("body", ["", "not json", "[]", '{"a": NaN}', "<html>", b"\xff", "[" * 70_000, "{}"])
    def test_the_status_decides_where_the_body_says_nothing(
        self, provider: Provider, table: Table, body: str | bytes
    ) -> None:
        kinds = {
            status: self.refused(provider, table, Reply(status, body, {})).kind
            for status in (400, 401, 403, 429, 500, 503)
        }
        server = table.server_error_kind
        assert kinds == {
            400: "configuration",
            401: "credentials",
            403: "credentials",
            429: "throttled",
            500: server,
            503: server,
            **table.status_kinds,
        }

    def test_a_throttled_message_may_be_sent_again_when_the_provider_says(
        self, provider: Provider, table: Table
    ) -> None:
        asked = {"7": 7, "1.5": 1.5, "999999999": 86_400, "Wed, 21 Oct 2026 07:28:00 GMT": None, "-1": None, "": None}
        for header, seconds in asked.items():
            error = self.refused(provider, table, Reply(429, "", {"retry-after": header}))
            assert (error.retryable, error.retry_after) == (True, seconds)

    @pytest.mark.parametrize(
        "failure",
        [
            NeverSent("refused"),
            ConnectionRefusedError(),
            requests.exceptions.ConnectTimeout(),
            requests.exceptions.ConnectionError(ConnectionRefusedError()),
        ],
    )
    def test_what_never_left_may_be_sent_again(self, provider: Provider, table: Table, failure: Exception) -> None:
        error = self.refused(provider, table, failure)
        assert (error.kind, error.retryable) == ("unavailable", True)

    @pytest.mark.parametrize(
        "failure",
        [
            NoAnswer("timeout"),
            TimeoutError(),
            ConnectionResetError(),
            requests.exceptions.ReadTimeout(),
            requests.exceptions.ConnectionError(ConnectionResetError()),
            requests.exceptions.ChunkedEncodingError(),
            RuntimeError(MESSAGE.text),
        ],
    )
    def test_what_may_have_left_is_never_sent_again(self, provider: Provider, table: Table, failure: Exception) -> None:
        error = self.refused(provider, table, failure)
        assert (error.kind, error.retryable) == ("unknown_outcome", False)

    def test_a_forbidden_address_is_a_matter_of_configuration(self, provider: Provider, table: Table) -> None:
        assert self.refused(provider, table, ForbiddenAddress("private")).kind == "configuration"

    @pytest.mark.parametrize("body", ["", "not json", "[]", '"ok"', "<html>ok</html>", b"\xff\xfe", "[" * 70_000])
    def test_an_unreadable_acceptance_is_an_unknown_outcome(
        self, provider: Provider, table: Table, body: str | bytes
    ) -> None:
        assert self.refused(provider, table, Reply(table.accepted.status, body, {})).kind == "unknown_outcome"

    def test_an_acceptance_without_an_id_is_an_unknown_outcome(self, provider: Provider, table: Table) -> None:
        assert self.refused(provider, table, table.without_id).kind == "unknown_outcome"

    def test_an_error_that_echoes_secrets_tells_none(self, provider: Provider, table: Table) -> None:
        echo = " ".join([*table.secrets, MESSAGE.text, MESSAGE.recipient, table.account.phone])
        for key in ("message", "detail", "error", "description", "title", "code"):
            self.refused(provider, table, Reply(400, {key: echo, "text": echo}, {}))

    def test_the_providers_own_error_that_echoes_secrets_tells_none(self, provider: Provider, table: Table) -> None:
        """Inside a 2xx too; each secret also alone, since a code may be told as it stands."""
        inside = [reply for reply, *_ in table.errors if 200 <= reply.status < 300]
        answers = table.accepted, table.error_inside[0], *inside
        said = (*table.secrets, " ".join([*table.secrets, MESSAGE.text, MESSAGE.recipient, table.account.phone]))
        told = 0
        for reply in (echo for words in said for answer in answers for echo in echoes(answer, words)):
            try:
                self.send(provider, table, reply)
            except SendError as error:
                self.tells_nothing(table, error)
                told += 1
        assert told

    def test_the_check_tells_a_problem_in_words(self, provider: Provider, table: Table) -> None:
        for step in (Reply(401, "", {}), Reply(500, "", {}), Reply(200, "<html>", {}), NoAnswer("t"), NeverSent("r")):
            result = provider.check(table.account, ScriptedHttp([step], aside=table.aside))
            assert result.state in ("problem", "unproven")
            assert result.detail or result.state == "unproven"
            assert not [secret for secret in table.secrets if secret in str(result)]
            assert "may have sent" not in str(result.detail), "a check sends nothing"

    def test_the_check_of_right_credentials_is_ok_or_tells_that_nothing_proves_them(
        self, provider: Provider, table: Table
    ) -> None:
        http = ScriptedHttp([table.checked] if table.checked else [], aside=table.aside)
        result = provider.check(table.account, http)
        assert result.state == ("ok" if table.checked else "unproven"), "`checked` of the table is the good answer"
        assert result.detail or table.checked
        assert http.steps == []
        assert not [secret for secret in table.secrets if secret in str(result)]
