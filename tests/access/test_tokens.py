"""Every operation that needs a token, without one and with one that is over."""

from tests.access.company import Company, code, everything
from tests.access.operations import Operation
from tests.team import Team


def test_nobody_gets_in_without_a_token_or_with_one_that_is_over(
    team: Team, company: Company, walk: list[Operation]
) -> None:
    soon = {"name": "soon over", "role": "admin", "expires_at": "2026-01-01T00:30:00Z"}
    team.tokens["expired"] = team.must("admin", "POST", "/tokens", soon)["secret"]
    revoked = team.must("admin", "POST", "/tokens", {"name": "revoked", "role": "admin"})
    team.tokens |= {"revoked": revoked["secret"], "made up": "smsdesk_" + "x" * 43, "empty": ""}
    for name in ("expired", "revoked"):
        team.must(name, "GET", "/tokens")
    team.must("admin", "DELETE", f"/tokens/{revoked['id']}")
    team.later(1800)
    before, calls = everything(), 0
    for operation in walk:
        for who in () if operation.public else (None, "expired", "revoked", "made up", "empty"):
            answer = company.ask(who, operation, company.of("ours"), {})
            assert code(answer) == (401, "unauthenticated"), (operation.name, who)
            calls += 1
    assert everything() == before
    print(f"access: {calls} calls without a valid token, all 401")
    assert calls == 5 * len([operation for operation in walk if not operation.public])
