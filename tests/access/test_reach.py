"""Every operation, with every role that may call it, on objects of the own account."""

from tests.access.company import Company
from tests.access.operations import Operation


def test_whoever_is_named_reaches_the_own_objects(company: Company, walk: list[Operation]) -> None:
    """Without this the refusals elsewhere could come from a walk that finds nothing at all."""
    reached, collections = 0, {operation.path for operation in walk if operation.method == "POST"}
    for operation in sorted(walk, key=lambda one: one.method == "DELETE"):
        for role in sorted(operation.roles):
            who = company.ada if role == "agent" else f"{role} and agent"
            objects = company.of("ours", agent_id=company.ada)
            # What is deleted for good is made for it; the rest, such as a transfer, is taken off our own objects.
            if operation.method == "DELETE" and operation.path.rsplit("/", 1)[0] in collections:
                objects |= company.removable(operation, objects)
            for query in operation.queries(objects):
                answer = company.ask(who, operation, objects, query)
                assert answer.status_code < 500, (operation.name, role, answer.body)
                assert answer.status_code not in (400, 401, 403, 404), (operation.name, role, answer.body)
                reached += 1
    print(f"access: {reached} calls by roles that are named, none refused")
    assert reached == sum(len(one.roles) * len(one.queries(company.of("ours"))) for one in walk)
