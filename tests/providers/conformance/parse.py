"""What a provider understands of a call, and how it answers."""

import contextlib
import dataclasses
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.providers.contract import (
    Ignored,
    MalformedRequest,
    Provider,
    SignatureError,
    Status,
)
from tests.providers.conformance.base import (
    BOMB,
    MESSAGE,
    MESSAGE_ID,
    Conformance,
    only,
    post,
    read_report,
    read_text,
)
from tests.providers.table import NOW, Report, Table, Text


class ParseConformance(Conformance):
    def test_a_text_is_read(self, provider: Provider, table: Table) -> None:
        for method in table.methods:
            message = read_text(provider, table, Text("id-1"), method)
            assert (message.provider_message_id, message.sender, message.recipient, message.text, message.opt) == (
                "id-1" if table.text_ids else None,
                "+14155550100",
                "+14155550199",
                "hello",
                None,
            )
            assert message.raw

    @pytest.mark.parametrize("number", ["2020", "INFOBANK", "+393471234567"])
    def test_senders_keep_their_form(self, provider: Provider, table: Table, number: str) -> None:
        assert read_text(provider, table, Text("id-1", sender=number)).sender == number

    @pytest.mark.parametrize(
        "text", ["", " ", 'It\'s 1 + 1 = 2 & more; 100% \\ "q"', "Tere õhtust, ÅÄÖ ñ 日本語", "👍🏽👨‍👩‍👧", "x" * 1600]
    )
    def test_texts_arrive_as_written(self, provider: Provider, table: Table, text: str) -> None:
        for method in table.methods:
            assert read_text(provider, table, Text("id-1", text=text), method).text == text

    def test_nuls_are_dropped_and_the_text_is_kept(self, provider: Provider, table: Table) -> None:
        assert read_text(provider, table, Text("id-1", text="a\x00b\x00")).text == "ab"

    def test_a_duplicate_names_the_same_message(self, provider: Provider, table: Table) -> None:
        assert read_text(provider, table, Text("id-7")) == read_text(provider, table, Text("id-7"))
        other = read_text(provider, table, Text("id-8"))
        first = read_text(provider, table, Text("id-7"))
        assert (other.provider_message_id != first.provider_message_id) == table.text_ids

    def test_a_text_is_a_part_only_where_the_provider_says_so(self, provider: Provider, table: Table) -> None:
        for method in table.methods:
            assert read_text(provider, table, Text("id-1", text="(1/2) hello"), method).part is None
            if not table.parts:
                continue
            for reference, number, total in ((34, 2, 3), (255, 255, 255), (0, 1, 2)):
                part = read_text(provider, table, Text("id-1", part=(reference, number, total)), method).part
                assert part is not None
                assert (part.number, part.total) == (number, total)
            for nonsense in ((34, 3, 2), (34, 0, 2), (34, 1, 1)):
                assert read_text(provider, table, Text("id-1", part=nonsense), method).part is None

    def test_parts_of_one_text_have_one_reference(self, provider: Provider, table: Table) -> None:
        if table.parts:
            told = [read_text(provider, table, Text("id-1", part=(7 * (n > 2), n, 9))).part for n in (1, 2, 3, 4)]
            references = [part.reference for part in told if part]
            assert references[0] == references[1] != references[2] == references[3]

    def test_opt_words_of_the_provider_are_told(self, provider: Provider, table: Table) -> None:
        for opt in table.opts:
            assert read_text(provider, table, Text("id-1", opt=opt)).opt == opt

    def test_every_status_of_the_provider_is_mapped(self, provider: Provider, table: Table) -> None:
        for method in table.methods:
            read = {raw: read_report(provider, table, Report("id-1", raw), method).status for raw in table.statuses}
            assert read == dict(table.statuses)

    def test_an_unknown_status_is_unknown_and_kept(self, provider: Provider, table: Table) -> None:
        report = read_report(provider, table, Report("id-1", "teleported"))
        assert report.status is Status.unknown
        assert "teleported" in json.dumps(report.raw)

    def test_a_report_names_the_message_of_its_url(self, provider: Provider, table: Table) -> None:
        report = read_report(provider, table, Report("id-1", next(iter(table.statuses)), message_id=MESSAGE_ID))
        assert (report.provider_message_id, report.message_id) == ("id-1", MESSAGE_ID)
        assert read_report(provider, table, Report("id-1", next(iter(table.statuses)))).message_id is None

    def test_a_report_tells_of_an_opt_out(self, provider: Provider, table: Table) -> None:
        if table.opt_out_report:
            assert read_report(provider, table, table.opt_out_report).opt == "stop"

    def test_an_unknown_event_is_ignored_with_a_reason(self, provider: Provider, table: Table) -> None:
        event = only(provider.parse(table.unknown_event, table.account))
        assert isinstance(event, Ignored)
        assert event.reason

    def test_malformed_calls_are_malformed_requests(self, provider: Provider, table: Table) -> None:
        deep = {kind: post(table, kind, b"[" * 65_536) for kind in table.content_types}
        broken = {f"charset of {kind}": post(table, kind, b"a=\xff\xfe&\x80") for kind in table.content_types}
        bombs = {kind: post(table, kind, BOMB) for kind in ("application/xml", "text/xml; charset=utf-8")}
        verb = {"method": dataclasses.replace(table.write_text("POST", Text("id-1")), method="DELETE")}
        for what, request in {**deep, **broken, **bombs, **verb, **table.malformed}.items():
            with pytest.raises(MalformedRequest):
                pytest.fail(f"{what} was read as {provider.parse(request, table.account)}")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_random_calls_raise_contract_errors_only(
        self, provider: Provider, table: Table, data: st.DataObject
    ) -> None:
        kinds = (
            *table.content_types,
            "",
            "text/plain",
            "multipart/form-data; boundary=x",
            "a/b; charset=nope",
            "\x00;;=",
        )
        known = table.write_text("POST", Text("id-1", text="hello")).body
        body = data.draw(st.binary(max_size=300) | st.binary(max_size=20).map(lambda extra: known + b"&" + extra))
        request = post(table, data.draw(st.sampled_from(kinds)), body)
        if data.draw(st.booleans()):
            request = dataclasses.replace(request, method="GET", url=request.url + "?" + quote(body, safe="&=+%"))
        with contextlib.suppress(SignatureError):
            provider.verify(request, table.account, NOW)
        try:
            events = provider.parse(request, table.account)
        except MalformedRequest:
            return
        provider.acknowledge(events)
        json.dumps([dataclasses.asdict(event) for event in events], default=str).encode()

    def test_the_answer_is_what_the_provider_wants(self, provider: Provider, table: Table) -> None:
        text = provider.parse(table.write_text("POST", Text("id-1")), table.account)
        for events in (text, provider.parse(table.unknown_event, table.account), []):
            assert provider.acknowledge(events) == table.acknowledgement

    def test_logged_objects_tell_no_text_and_no_secret(self, provider: Provider, table: Table) -> None:
        request = table.sign(table.write_text("POST", Text("id-1", text="my pin is 1234")), table.account, NOW)
        logged = repr([request, table.account, *provider.parse(request, table.account), MESSAGE])
        private = (*table.secrets, "my pin", "my+pin", "my%20pin", "4155550100", MESSAGE.text, "delivery/token")
        assert not [value for value in private if value in logged]
