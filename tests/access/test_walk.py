"""Every operation of the generated OpenAPI document x every role x other people's objects: nothing is let through."""

from app import app
from tests.access.company import ADDRESSES, WAITING, Company, code, everything
from tests.access.operations import Operation
from tests.team import Team

ROLES = {"agent", "supervisor", "admin"}
OTHERS = ("theirs", "left")


def holder(company: Company, role: str) -> str:
    return company.ada if role == "agent" else role


def test_the_document_has_every_route_of_the_app_and_no_other(walk: list[Operation]) -> None:
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    assert {(operation.method, operation.path) for operation in walk} == routes


def test_a_role_that_is_not_named_is_refused_whatever_it_asks_for(
    team: Team, company: Company, walk: list[Operation]
) -> None:
    for role in ROLES:
        team.must(holder(company, role), "GET", "/sms/accounts")  # its use is noted once an hour
    before, refused = everything(), 0
    for operation in walk:
        for role in set() if operation.public else ROLES - operation.roles:
            for account in ("ours", "theirs"):
                answer = company.ask(holder(company, role), operation, company.of(account), {})
                assert code(answer) == (403, "forbidden"), (operation.name, role)
                refused += 1
    assert everything() == before
    print(f"access: {len(walk)} operations; {refused} calls by roles that are not named, all 403")
    assert refused > 50


def test_what_belongs_to_others_does_not_exist_for_an_agent(
    team: Team, company: Company, walk: list[Operation]
) -> None:
    """Not the account Ada never was on, nor the one she left with a conversation in her hands."""
    team.must(company.ada, "GET", "/sms/desk")
    before, refused, operations = everything(), 0, set()
    for operation in walk:
        missing = company.unknown()
        for account in OTHERS if "agent" in operation.roles else ():
            for objects in (company.of(account), company.of(account, interaction_id=company.waiting[account])):
                for query, none in zip(operation.queries(objects), operation.queries(missing), strict=True):
                    if not operation.objects and not query:
                        continue
                    answer = company.ask(company.ada, operation, objects, query)
                    assert code(answer) == (404, "not-found"), (operation.name, account, query, answer.body)
                    if len(operation.objects) < 2:
                        nothing = company.ask(company.ada, operation, missing, none)
                        assert answer.body == nothing.body, operation.name
                    refused += 1
                    operations.add(operation.name)
    assert everything() == before
    print(f"access: {refused} calls of {len(operations)} operations for other people's objects, all 404")
    assert len(operations) >= 18


def test_no_answer_to_an_agent_tells_anything_of_others(company: Company, walk: list[Operation]) -> None:
    read = 0
    for operation in walk:
        if operation.method != "GET" or "agent" not in operation.roles:
            continue
        ours = company.of("ours")
        queries = operation.queries(ours)
        if operation.path == "/contacts":
            queries += [{"phone": numbers[account]} for numbers in (ADDRESSES, WAITING) for account in OTHERS]
        for query in queries:
            answer = company.ask(company.ada, operation, {**ours, "agent_id": company.ada}, query)
            assert answer.status_code == 200, (operation.name, answer.body)
            text = answer.body.decode()
            told = [mark for account in OTHERS for mark in company.marks(account) if mark in text]
            assert told == [], operation.name
            read += 1
    print(f"access: {read} answers to an agent, nothing of others in them")
    assert read > 10


def test_who_is_no_agent_cannot_act_as_one(company: Company, walk: list[Operation]) -> None:
    """Supervisors and admins close, reopen, reassign and write notes without being agents; all else needs one."""
    before, acts = everything(), 0
    for operation in walk:
        if operation.method == "GET" or not operation.path.startswith("/sms/interactions/"):
            continue
        if operation.path.endswith(("/close", "/notes", "/reassign", "/reopen")):
            continue
        for role in ("supervisor", "admin"):
            answer = company.ask(role, operation, company.of("theirs"), {})
            assert code(answer) == (403, "no-agent"), (operation.name, role)
            acts += 1
    assert everything() == before
    assert acts > 10


def test_a_receive_url_works_for_its_own_account_alone(company: Company, walk: list[Operation]) -> None:
    before, closed = everything(), []
    for operation in walk:
        if not operation.public:
            continue
        if not operation.objects:
            assert company.ask(None, operation, {}, {}).status_code == 200, operation.name
            continue
        mixed = company.of("ours", token=company.objects["theirs"]["token"])
        answers = [company.ask(None, operation, objects, {}) for objects in (mixed, company.unknown())]
        assert [code(answer) for answer in answers] == [(404, "not-found")] * 2, operation.name
        assert answers[0].body == answers[1].body
        closed.append(operation.name)
    assert everything() == before
    assert len(closed) == 6
