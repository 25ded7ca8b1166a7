"""Bodies, queries and headers that cannot be taken: a 4xx that says why, never a 500."""

import pytest

from chalicelib.api import cursors, inputs
from chalicelib.models.errors import Refused
from tests.api.conftest import ACCOUNT, Api


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 1}",
        b'{"name": NaN}',
        b'{"name": "\xff"}',
        b"[" * 30_000,
        b'{"a":' * 9_000,
        b'{"name": 1}x',
    ],
)
def test_what_is_not_json_is_malformed(api: Api, body: bytes) -> None:
    answer = api("admin", "POST", "/sms/accounts", body)
    assert (answer.status, answer.body["code"]) == (400, "malformed")


def test_a_number_too_long_to_read_is_no_server_error(api: Api) -> None:
    answer = api("admin", "POST", "/sms/queues", b'{"name": "x", "agent_timeout": ' + b"9" * 5000 + b"}")
    assert answer.status in (400, 422)


def test_an_empty_body_is_an_empty_object(api: Api) -> None:
    answer = api("admin", "POST", "/sms/queues", b"")
    assert (answer.status, answer.pointers) == (422, ["/name"])


def test_a_body_over_64_kib_is_too_large(api: Api) -> None:
    fits = b'{"name": "Big"' + b" " * (65536 - 15) + b"}"
    assert len(fits) == 65536
    assert api("admin", "POST", "/sms/queues", fits).status == 201
    answer = api("admin", "POST", "/sms/queues", fits + b" ")
    assert (answer.status, answer.body["code"]) == (413, "too-large")


def test_another_content_type_is_refused_in_the_same_form(api: Api) -> None:
    answer = api("admin", "POST", "/sms/queues", b"name=x", **{"Content-Type": "text/plain"})
    assert (answer.status, answer.body["code"]) == (415, "unsupported-media-type")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_another_method_is_refused_in_the_same_form(api: Api) -> None:
    from app import app

    event = {
        "requestContext": {"httpMethod": "DELETE", "resourcePath": "/sms/queues", "requestId": "r"},
        "headers": {},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "body": None,
        "stageVariables": None,
    }
    answer = app(event, None)
    assert answer["statusCode"] == 405
    assert '"code": "method-not-allowed"' in answer["body"]
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("query", "parameter", "says"),
    [
        ("colour=red", "colour", "limit, cursor"),
        ("limit=0", "limit", "from 1 to 200"),
        ("limit=201", "limit", "from 1 to 200"),
        ("limit=ten", "limit", "from 1 to 200"),
        ("limit=%D9%A3", "limit", "from 1 to 200"),
        ("limit=1&limit=2", "limit", "once"),
        ("cursor=nonsense", "cursor", "earlier answer"),
        ("cursor=%00%FF", "cursor", "earlier answer"),
        ("cursor=" + "A" * 8001, "cursor", "8000"),
    ],
)
def test_a_query_that_cannot_be_taken_is_named(api: Api, query: str, parameter: str, says: str) -> None:
    answer = api("admin", "GET", f"/sms/queues?{query}")
    assert (answer.status, answer.pointers) == (422, [parameter])
    assert says in answer.body["errors"][0]["detail"]


def test_an_identifier_that_cannot_be_one_is_not_found(api: Api) -> None:
    for identifier in ("a" * 3000, "%23", "a.b", "%00", "%F0%9F%98%80"):
        for path in (f"/sms/queues/{identifier}", f"/sms/accounts/{identifier}/receive/x"):
            answer = api("admin", "GET", path)
            assert (answer.status, answer.body["detail"]) == (404, "There is no such thing here."), identifier
    assert api("admin", "GET", "/contacts?phone=" + "1" * 201).pointers == ["phone"]


def test_an_undocumented_sort_is_refused(api: Api) -> None:
    answer = api("admin", "GET", f"/sms/interactions?account_id={api.account()['id']}&sort=name")
    assert (answer.status, answer.pointers) == (422, ["sort"])
    assert "started, last_message" in answer.body["errors"][0]["detail"]
    assert api("admin", "GET", "/sms/interactions").pointers == ["account_id"]


def test_a_cursor_comes_back_as_it_was_and_only_to_its_own_list() -> None:
    cursor = cursors.encode("queues", after="que_1", n=3)
    assert cursors.decode("queues", cursor, after=str, n=int) == {"after": "que_1", "n": 3}
    for kind, types in (("agents", {"after": str, "n": int}), ("queues", {"after": str}), ("queues", {"n": str})):
        with pytest.raises(Refused) as refused:
            cursors.decode(kind, cursor, **types)
        assert refused.value.code == "invalid"


@pytest.mark.parametrize("after", ["\U0010ffff", "a" * 301, 7, True, None, ["x"]])
def test_a_forged_cursor_reaches_no_query(api: Api, after: object) -> None:
    forged = cursors.encode("queues", after=after)
    assert api("admin", "GET", f"/sms/queues?cursor={forged}").status == 422


def test_a_cursor_names_no_partition(api: Api) -> None:
    one, other = api.account(key="A"), api.account(key="B")
    ids = [api.agent(name)["id"] for name in ("Ada", "Bob")]
    for account in (one, other):
        api.must("admin", "POST", f"/sms/accounts/{account['id']}/agents", {"add": ids})
    cursor = api.must("admin", "GET", f"/sms/accounts/{one['id']}/agents?limit=1")["page"]["next_cursor"]
    api.must("admin", "POST", f"/sms/accounts/{one['id']}/agents", {"remove": ids})
    found = api.must("admin", "GET", f"/sms/accounts/{other['id']}/agents?limit=1&cursor={cursor}")["data"]
    assert [member["agent_id"] for member in found] == [ids[1]]
    assert api.must("admin", "GET", f"/sms/accounts/{one['id']}/agents?cursor={cursor}")["data"] == []


@pytest.mark.parametrize("key", ["", " ", "with space", "é", "k" * 256])
def test_an_idempotency_key_is_visible_ascii(api: Api, key: str) -> None:
    answer = api("admin", "POST", "/sms/accounts", ACCOUNT, Idempotency_Key=key)
    assert (answer.status, answer.body["code"]) == (400, "malformed")


def test_a_reply_needs_an_idempotency_key(api: Api) -> None:
    answer = api("nobody", "POST", "/sms/interactions/int_1/messages", {"text": "Hello"})
    assert (answer.status, answer.body["code"]) == (400, "idempotency-key-required")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("messages", {}, "/text"),
        ("messages", {"text": ""}, "/text"),
        ("messages", {"text": " \n "}, "/text"),
        ("messages", {"text": "x" * 1601}, "/text"),
        ("messages", {"text": "x", "media_urls": ["http://x.example/a"]}, "/media_urls/0"),
        ("messages", {"text": "x", "sender": "ACME"}, "/sender"),
        ("notes", {"text": 7}, "/text"),
        ("read", {"n": 0}, "/n"),
        ("read", {}, "/n"),
        ("close", {"reason": "d"}, "/reason"),
    ],
)
def test_wrong_bodies_of_a_conversation_are_refused(api: Api, path: str, body: dict, pointer: str) -> None:
    answer = api("nobody", "POST", f"/sms/interactions/int_1/{path}", body, Idempotency_Key="k")
    assert (answer.status, answer.pointers) == (422, [pointer])


def test_a_text_is_taken_exactly_as_it_is() -> None:
    assert inputs.validate("interactions.MessageIn", {"text": "  two\nlines  "}).text == "  two\nlines  "
