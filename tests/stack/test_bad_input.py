"""Input that is wrong, at the deployed stack's front door: refused in the right words, and never a 500."""

from typing import Any

import pytest
import requests

from tests.stack.company import CALL_SECONDS, Company
from tests.stack.conftest import Stack
from tests.stack.webhooks import form, posted

WEBHOOK_BYTES, REQUEST_BYTES = 1024 * 1024, 64 * 1024
LONGEST_WAIT = 2_147_483
REQUEST_IDS = ("x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "x-amz-request-id", "x-amz-id-2")


@pytest.fixture(scope="module")
def company(stack: Stack) -> Company:
    return Company(stack)


def stored(company: Company) -> int:
    path = f"/sms/interactions?account_id={company.id}&limit=200"
    return len(company.admin.must("GET", path)["data"])


def is_problem(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    return problem


def test_wrong_tokens_and_accounts_get_one_and_the_same_answer(company: Company, stack: Stack) -> None:
    base, token = company.account["receive_url"].rsplit("/", 1)
    other_token = "x" * len(token)
    elsewhere = f"{stack.api}/sms/accounts/acc_01J9ZQ4V6X2Y8T3N5B7C1D0EFG/receive"
    urls = [f"{base}/{other_token}", f"{base}/{token[:-1]}", f"{elsewhere}/{token}", f"{elsewhere}/{other_token}"]
    urls += [url.replace("/receive/", "/delivery/") for url in urls]
    answers = [posted(company, form(company), url) for url in urls]
    answers += [requests.get(url, timeout=CALL_SECONDS) for url in urls]
    is_problem(answers[0], 404, "not-found")
    seen = {(answer.status_code, answer.text, *sorted(telling(answer).items())) for answer in answers}
    assert len(seen) == 1, seen


def telling(answer: requests.Response) -> dict[str, str]:
    """The headers but for those that differ from answer to answer anyway."""
    return {name: value for name, value in answer.headers.items() if name.lower() not in ("date", *REQUEST_IDS)}


@pytest.mark.parametrize("signature", ["", "bm90IHRoZSBvbmU=", "ü"])
def test_a_bad_signature_is_refused_and_stores_nothing(company: Company, signature: str) -> None:
    before = stored(company)
    answer = posted(company, form(company), **{"X-Twilio-Signature": signature.encode().decode("latin-1")})
    is_problem(answer, 403, "bad-signature")
    assert stored(company) == before


def test_a_changed_text_is_a_bad_signature(company: Company) -> None:
    assert company.customer().post("Hello", signature="bad")["status"] == 403


def test_a_signed_call_that_says_nothing_is_malformed(company: Company) -> None:
    is_problem(posted(company, {"Hello": "World"}), 400, "malformed")


def test_an_unknown_event_is_acknowledged_and_stores_nothing(company: Company) -> None:
    before = stored(company)
    event = form(company, MessageStatus="teleported")
    del event["Body"]
    assert posted(company, event).status_code == 200
    assert posted(company, {"AccountSid": "AC" + "0" * 32, "EventType": "onSomethingNew"}).status_code == 200
    assert stored(company) == before


def test_a_webhook_over_one_mebibyte_is_too_large(company: Company) -> None:
    is_problem(posted(company, form(company, Extra="x" * WEBHOOK_BYTES)), 413, "too-large")
    assert posted(company, form(company, Extra="x" * (WEBHOOK_BYTES - 1000))).status_code == 200


def test_an_api_body_over_64_kibibytes_is_too_large(company: Company) -> None:
    body = {"name": "Account", "description": "x" * REQUEST_BYTES}
    is_problem(company.admin.call("POST", "/sms/accounts", body), 413, "too-large")


def account(**fields: Any) -> dict[str, Any]:
    credentials = {"account_sid": "AC" + "0" * 32, "auth_token": "1" * 32}
    given = {"name": "A", "key": "OK1", "type": "twilio", "phone": "+15005550006", "credentials": credentials} | fields
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("body", "pointer", "allowed"),
    [
        (account(colour="red"), "/colour", "Allowed: "),
        (account(name=7), "/name", "string"),
        (account(key=None), "/key", "required"),
        (account(key="SIXTY6"), "/key", "{1,5}"),
        (account(type="pigeon"), "/type", "twilio"),
        (account(wait_for_assigned_agent=0), "/wait_for_assigned_agent", f"1 to {LONGEST_WAIT}"),
        (account(wait_for_assigned_queue=LONGEST_WAIT + 1), "/wait_for_assigned_queue", f"1 to {LONGEST_WAIT}"),
        (account(wait_for_assigned_agent="10"), "/wait_for_assigned_agent", f"1 to {LONGEST_WAIT}"),
        (account(credentials={"account_sid": "AC" + "0" * 32}), "/credentials/auth_token", "required"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(
    company: Company, body: dict[str, Any], pointer: str, allowed: str
) -> None:
    problem = is_problem(company.admin.call("POST", "/sms/accounts", body), 422, "invalid")
    details = {error["pointer"]: error["detail"] for error in problem["errors"]}
    assert list(details) == [pointer]
    assert allowed in details[pointer]


def test_a_key_that_another_account_has_is_refused(company: Company) -> None:
    body = account(key=company.account["key"])
    problem = is_problem(company.admin.call("POST", "/sms/accounts", body), 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == ["/key"]


@pytest.mark.parametrize("wait", [1, LONGEST_WAIT])
def test_the_shortest_and_the_longest_wait_are_taken(company: Company, wait: int) -> None:
    path = f"/sms/accounts/{company.id}"
    match = {"If-Match": f'"{company.admin.must("GET", path)["version"]}"'}
    changed = company.admin.must("PATCH", path, {"wait_for_assigned_agent": wait}, **match)
    assert changed["wait_for_assigned_agent"] == wait


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"name": NaN}', b"[" * 60_000])
def test_what_is_not_json_is_malformed(company: Company, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {company.admin.token}", "Content-Type": "application/json"}
    answer = requests.post(f"{company.admin.base}/sms/accounts", data=body, headers=headers, timeout=CALL_SECONDS)
    is_problem(answer, 400, "malformed")


def test_another_content_type_than_json_is_named(company: Company) -> None:
    headers = {"Authorization": f"Bearer {company.admin.token}", "Content-Type": "text/plain"}
    answer = requests.post(f"{company.admin.base}/sms/accounts", data=b"{}", headers=headers, timeout=CALL_SECONDS)
    is_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nobody", "Basic YTpi"])
def test_a_call_without_a_known_token_is_unauthenticated(stack: Stack, token: str) -> None:
    answer = requests.get(f"{stack.api}/sms/accounts", headers={"Authorization": token}, timeout=CALL_SECONDS)
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("GET", "/sms/accounts/a/b/c"), ("PUT", "/health")])
def test_what_does_not_exist_is_a_problem_from_the_gateway(company: Company, method: str, path: str) -> None:
    is_problem(company.admin.call(method, path), 404, "not-found")
