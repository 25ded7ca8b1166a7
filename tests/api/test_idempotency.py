"""A repeated request is carried out once."""

import pytest

from chalicelib.store import db, idempotency
from chalicelib.store import table as keys
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import Lost, Transaction
from tests.api.conftest import ACCOUNT, Api

CREATIONS = [
    ("/sms/accounts", ACCOUNT),
    ("/sms/queues", {"name": "Sales"}),
    ("/agents", {"name": "Ada"}),
    ("/lists", {"name": "VIP"}),
    ("/tokens", {"role": "supervisor", "name": "Console"}),
]


@pytest.mark.parametrize(("path", "body"), CREATIONS)
def test_a_repetition_gets_the_same_answer_and_creates_nothing(api: Api, path: str, body: dict) -> None:
    first = api("admin", "POST", path, body, Idempotency_Key="k-1")
    assert first.status == 201
    before = len(api.must("admin", "GET", path)["data"])
    again = api("admin", "POST", path, body, Idempotency_Key="k-1")
    assert again.status == 201
    assert again.body == {**first.body, **({"secret": None} if path == "/tokens" else {})}
    assert len(api.must("admin", "GET", path)["data"]) == before


def test_the_secret_of_a_token_is_not_in_the_stored_answer(api: Api) -> None:
    secret = api.must("admin", "POST", "/tokens", CREATIONS[-1][1], Idempotency_Key="k-1")["secret"]
    import boto3

    assert secret not in str(boto3.client("dynamodb").scan(TableName="smsdesk")["Items"])


def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    api.must("admin", "POST", "/sms/queues", {"name": "Sales"}, Idempotency_Key="k-1")
    answer = api("admin", "POST", "/sms/queues", {"name": "Support"}, Idempotency_Key="k-1")
    assert (answer.status, answer.body["code"]) == (422, "idempotency-mismatch")
    assert len(api.must("admin", "GET", "/sms/queues")["data"]) == 1


def test_the_order_of_fields_and_the_spaces_do_not_make_another_body(api: Api) -> None:
    first = api("admin", "POST", "/sms/queues", b'{"name": "Sales", "description": "x"}', Idempotency_Key="k-1")
    again = api("admin", "POST", "/sms/queues", b'{"description":"x","name":"Sales"}', Idempotency_Key="k-1")
    assert (first.status, again.body) == (201, first.body)


def test_keys_belong_to_their_caller_and_their_route(api: Api) -> None:
    api.must("admin", "POST", "/sms/queues", {"name": "One"}, Idempotency_Key="k-1")
    api.must("supervisor", "POST", "/sms/queues", {"name": "Two"}, Idempotency_Key="k-1")
    api.must("admin", "POST", "/lists", {"name": "Three"}, Idempotency_Key="k-1")
    assert len(api.must("admin", "GET", "/sms/queues")["data"]) == 2


def test_a_key_is_forgotten_after_a_day(api: Api) -> None:
    api.must("admin", "POST", "/sms/queues", {"name": "Sales"}, Idempotency_Key="k-1")
    api.later(24 * 3600 - 1)
    assert api("admin", "POST", "/sms/queues", {"name": "Sales"}, Idempotency_Key="k-1").status == 201
    api.later(1)
    again = api("admin", "POST", "/sms/queues", {"name": "Support"}, Idempotency_Key="k-1")
    assert (again.status, again.body["name"]) == (201, "Support")


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    api.queue("Sales")
    assert api("admin", "POST", "/sms/queues", {"name": "Sales"}, Idempotency_Key="k-1").status == 422
    assert api("admin", "POST", "/sms/queues", {"name": "Support"}, Idempotency_Key="k-1").status == 201


def test_of_two_requests_at_the_same_time_one_is_carried_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look for the key before either has written it."""
    monkeypatch.setattr(idempotency, "find", lambda *_: None)
    answers = [api("admin", "POST", "/sms/queues", {"name": "Sales"}, Idempotency_Key="k-1") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert len(api.must("admin", "GET", "/sms/queues")["data"]) == 1


def test_the_answer_is_written_with_the_effect_or_not_at_all(table: str, now: int) -> None:
    once = Once("agt_1#reply", "k-1", "hash").answered(201, {"id": "msg_1", "n": 7, "media": [], "text": None})
    tx = Transaction().check(keys.queue("nowhere"), idempotency.NEW).create(keys.meta("int_1"), {})
    idempotency.action(tx, once, now)
    tx.commit()
    assert idempotency.find(once, now) == idempotency.Stored(201, once.answer)
    late = Transaction().create(keys.meta("int_2"), {})
    idempotency.action(late, once, now)
    with pytest.raises(Lost) as lost:
        late.commit()
    with pytest.raises(idempotency.Replayed) as replayed:
        idempotency.raise_if_replayed(lost.value, once, now)
    assert replayed.value.stored.answer["id"] == "msg_1"
    assert db.get(keys.meta("int_2")) is None
