"""Attachments that a call names in odd ways cost neither the text nor a crash."""

import json
from collections.abc import Callable, Sequence

import pytest

from chalicelib import providers
from chalicelib.providers import attachments
from chalicelib.providers.contract import Event, InboundMessage, MalformedRequest, Media
from tests.providers.tables import bandwidth, infobip, plivo, telnyx, twilio

LINK = "https://m.example/1"


def of_twilio(links: Sequence[str]) -> list[Event]:
    fields = {"MessageSid": "SM1", "From": "+14155550100", "Body": "look"}
    fields |= {f"MediaUrl{n}": link for n, link in enumerate(links)}
    return providers.get("twilio").parse(
        twilio.call("POST", twilio.URL.format("receive"), fields), twilio.TABLE.account
    )


def of_plivo(links: Sequence[str]) -> list[Event]:
    fields = {"MessageUUID": "u1", "From": "14155550100", "Type": "mms", "Body": "look"}
    fields |= {f"Media{n}": link for n, link in enumerate(links)}
    return providers.get("plivo").parse(plivo.call("POST", plivo.URL.format("receive"), fields), plivo.TABLE.account)


def of_infobip(links: Sequence[str]) -> list[Event]:
    parts = [{"value": "look", "contentType": "text/plain"}, *({"url": link} for link in links)]
    item = {"messageId": "1", "from": "14155550100", "message": parts}
    return providers.get("infobip").parse(infobip.raw(json.dumps({"results": [item]}).encode()), infobip.TABLE.account)


def of_bandwidth(links: Sequence[str]) -> list[Event]:
    message = {"id": "1", "from": "+14155550100", "owner": "+14155550199", "text": "look", "media": list(links)}
    request = bandwidth.raw(json.dumps([{"type": "message-received", "message": message}]).encode())
    return providers.get("bandwidth").parse(request, bandwidth.TABLE.account)


def of_telnyx(links: Sequence[str]) -> list[Event]:
    payload = {"id": "1", "from": {"phone_number": "+14155550100"}, "text": "look"}
    payload |= {"media": [{"url": link} for link in links]}
    body = json.dumps({"data": {"event_type": "message.received", "payload": payload}}).encode()
    return providers.get("telnyx").parse(telnyx.raw(body), telnyx.TABLE.account)


everyone = pytest.mark.parametrize("read", [of_twilio, of_plivo, of_infobip, of_bandwidth, of_telnyx])


@everyone
def test_a_blank_link_is_no_attachment(read: Callable[[Sequence[str]], list[Event]]) -> None:
    [message] = read(["", " ", LINK])
    assert isinstance(message, InboundMessage)
    assert (message.text, message.media) == ("look", (Media(LINK),))


@everyone
def test_attachments_that_could_not_be_stored_are_malformed(read: Callable[[Sequence[str]], list[Event]]) -> None:
    longest = LINK + "a" * (attachments.LINK_BYTES - len(LINK))
    [message] = read([longest] * attachments.LINKS)
    assert isinstance(message, InboundMessage)
    assert len(message.media) == attachments.LINKS
    for links in ([longest + "a"], [longest[:-1] + "ä"], [LINK] * (attachments.LINKS + 1)):
        with pytest.raises(MalformedRequest):
            read(links)


def test_a_type_is_kept_and_a_blank_one_is_none() -> None:
    assert attachments.of_links([(LINK, "image/png"), (LINK, ""), (LINK, "", 7)]) == (
        Media(LINK, "image/png"),
        Media(LINK),
        Media(LINK, None, 7),
    )
    with pytest.raises(MalformedRequest):
        attachments.of_links([(LINK, "x" * (attachments.TYPE_CHARACTERS + 1))])


def test_twilios_attachments_may_be_numbered_with_a_zero_before() -> None:
    fields = {"MessageSid": "SM1", "From": "+14155550100", "MediaUrl01": LINK, "MediaContentType01": "image/png"}
    fields |= {"MediaUrl0": "https://m.example/0", "Body": ""}
    [message] = providers.get("twilio").parse(
        twilio.call("POST", twilio.URL.format("receive"), fields), twilio.TABLE.account
    )
    assert isinstance(message, InboundMessage)
    assert message.media == (Media("https://m.example/0"), Media(LINK, "image/png"))
