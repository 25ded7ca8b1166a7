"""The one table of routes: who may call what, with which input, and which answer."""

from dataclasses import dataclass
from typing import Literal

AGENT, SUPERVISOR, ADMIN = "agent", "supervisor", "admin"
ROLES = frozenset({AGENT, SUPERVISOR, ADMIN})
EVERYONE = ROLES
SUPERVISORS = frozenset({SUPERVISOR, ADMIN})
ADMINS = frozenset({ADMIN})
PUBLIC = frozenset({"public"})


@dataclass(frozen=True)
class Parameter:
    """A query parameter: an integer within bounds, or a string: of at most `maximum` characters, or one `allowed`."""

    name: str
    kind: Literal["string", "integer"] = "string"
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: str | int | None = None


@dataclass(frozen=True)
class Route:
    """One operation.

    `handler` is `module:function` below `chalicelib.api`; `body` and `answer` are `module.Model` below
    `chalicelib.models`, an answer with `[]` is a page of them. `raw` routes get their call as it came: no
    bearer token, any query, any body. `idempotent` says what becomes of an Idempotency-Key: ignored,
    `honoured`, or `required` (there the handler itself looks for the stored answer).
    """

    method: str
    path: str
    roles: frozenset[str]
    handler: str
    summary: str
    body: str | None = None
    answer: str | None = None
    status: int = 200
    query: tuple[Parameter, ...] = ()
    idempotent: Literal["honoured", "required"] | None = None
    if_match: bool = False
    raw: bool = False

    def __post_init__(self) -> None:
        if not self.roles or not (self.roles <= ROLES or self.roles == PUBLIC):
            raise ValueError(f"{self.method} {self.path} does not say who may call it")

    @property
    def operation(self) -> str:
        """A unique name, such as `post_sms_accounts_account_id_agents`."""
        words = self.path.replace("{", "").replace("}", "").replace(".", "_").strip("/").split("/")
        return "_".join([self.method.lower(), *words])


PAGE = (Parameter("limit", "integer", minimum=1, maximum=200, default=50), Parameter("cursor", maximum=8000))
_ACCOUNT = "/sms/accounts/{account_id}"
_QUEUE = "/sms/queues/{queue_id}"
_AGENT = "/agents/{agent_id}"
_INTERVAL = "/intervals/{interval_id}"
_INTERACTION_MODEL = "interactions.Interaction"
_INTERACTION = "/sms/interactions/{interaction_id}"


def _configured(
    path: str, model: str, noun: str, index: frozenset[str], show: frozenset[str], write: frozenset[str]
) -> tuple[Route, ...]:
    """List, create, read and change a kind of configured objects; `model` is `module.Model`."""
    module = model.split(".")[0]
    one = f"{path}/{{{noun}_id}}"
    a_noun = f"an {noun}" if noun[0] in "ai" else f"a {noun}"
    return (
        Route(
            "GET",
            path,
            index,
            f"{module}:index",
            f"The {noun}s that the caller may see.",
            answer=f"{model}[]",
            query=PAGE,
        ),
        Route(
            "POST",
            path,
            write,
            f"{module}:create",
            f"Create {a_noun}.",
            body=f"{model}In",
            answer=model,
            status=201,
            idempotent="honoured",
        ),
        Route("GET", one, show, f"{module}:show", f"One {noun}.", answer=model),
        Route(
            "PATCH",
            one,
            write,
            f"{module}:change",
            f"Change {a_noun}.",
            body=f"{model}Patch",
            answer=model,
            if_match=True,
        ),
    )


def _members(
    path: str,
    module: str,
    member: str = "common.Member",
    body: str = "common.MembersIn",
    answer: str = "common.MembersChanged",
) -> tuple[Route, ...]:
    """Who is on an account, in a queue or in a team."""
    return (
        Route("GET", path, SUPERVISORS, f"{module}:members", "The agents of it.", answer=f"{member}[]", query=PAGE),
        Route(
            "POST",
            path,
            SUPERVISORS,
            f"{module}:change_members",
            "Add and remove agents.",
            body=body,
            answer=answer,
        ),
    )


def _dispositions(path: str, owner: str) -> tuple[Route, ...]:
    """The dispositions of one owner."""
    return (
        Route(
            "GET",
            path,
            EVERYONE,
            "dispositions:index",
            f"The dispositions of {owner}, each after the one above it.",
            answer="dispositions.ListedDisposition[]",
            query=PAGE,
        ),
        Route(
            "POST",
            path,
            SUPERVISORS,
            "dispositions:create",
            f"Add a disposition of {owner}.",
            body="dispositions.DispositionIn",
            answer="dispositions.ListedDisposition",
            status=201,
            idempotent="honoured",
        ),
        Route(
            "DELETE",
            f"{path}/{{disposition_id}}",
            SUPERVISORS,
            "dispositions:delete",
            "Delete a disposition and all below it.",
            status=204,
        ),
    )


_CONFIGURATION = (
    Route(
        "GET",
        "/sms/providers",
        SUPERVISORS,
        "providers:index",
        "The account types; with an account its own, the steps filled in with its URLs.",
        answer="providers.ProviderType[]",
        query=(Parameter("account_id"),),
    ),
    *_configured("/sms/accounts", "accounts.Account", "account", EVERYONE, EVERYONE, ADMINS),
    Route("DELETE", _ACCOUNT, ADMINS, "accounts:delete", "Delete an account without open interactions.", status=204),
    *_members(f"{_ACCOUNT}/agents", "accounts"),
    Route(
        "POST",
        f"{_ACCOUNT}/token/rotate",
        ADMINS,
        "accounts:rotate_token",
        "Give the account's URLs a new token.",
        body="accounts.TokenRotationIn",
        answer="accounts.TokenRotation",
        idempotent="honoured",
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/check",
        SUPERVISORS,
        "account_checks:check",
        "Try the credentials at the provider.",
        answer="account_checks.AccountCheck",
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/check/sample",
        SUPERVISORS,
        "account_checks:sample",
        "What the desk would understand of a provider's call; nothing is stored.",
        body="account_checks.SampleIn",
        answer="account_checks.Sample",
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/check/text",
        SUPERVISORS,
        "account_checks:text",
        "Send a test text.",
        body="account_checks.TestTextIn",
        answer="account_checks.TestText",
        status=201,
        idempotent="required",
    ),
    Route(
        "GET",
        f"{_ACCOUNT}/exchanges",
        SUPERVISORS,
        "exchanges:index",
        "The last calls between the desk and the provider, newest first.",
        answer="account_checks.Exchange[]",
        query=PAGE,
    ),
    Route(
        "GET",
        f"{_ACCOUNT}/health",
        SUPERVISORS,
        "exchanges:health",
        "What last came in, went out and went wrong.",
        answer="account_checks.AccountHealth",
    ),
    Route(
        "GET",
        f"{_ACCOUNT}/blocked",
        SUPERVISORS,
        "optouts:blocked",
        "The numbers whose texts reach nobody.",
        answer="optouts.BlockedNumber[]",
        query=PAGE,
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/blocked",
        SUPERVISORS,
        "optouts:change_blocked",
        "Block numbers, and let them through again.",
        body="optouts.BlockedIn",
        answer="optouts.BlockedChanged",
    ),
    Route(
        "GET",
        "/sms/optouts",
        SUPERVISORS,
        "optouts:index",
        "Which numbers have opted out of an account's texts, and in again.",
        answer="optouts.OptOut[]",
        query=(Parameter("account_id", required=True), *PAGE),
    ),
    Route(
        "POST",
        "/sms/optouts",
        SUPERVISORS,
        "optouts:change",
        "Opt a number out, or in again, on a customer's word.",
        body="optouts.OptOutIn",
        answer="optouts.OptOut",
    ),
    Route("GET", f"{_ACCOUNT}/plan", SUPERVISORS, "plans:show", "The action plan.", answer="plans.Plan"),
    Route(
        "PUT",
        f"{_ACCOUNT}/plan",
        SUPERVISORS,
        "plans:replace",
        "Replace the action plan.",
        body="plans.PlanIn",
        answer="plans.Plan",
        if_match=True,
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/plan/simulate",
        SUPERVISORS,
        "plans:simulate_text",
        "What the action plan would do with a text; nothing happens.",
        body="simulation.SimulationIn",
        answer="simulation.Simulation",
    ),
    *_configured("/sms/queues", "queues.Queue", "queue", SUPERVISORS, SUPERVISORS, SUPERVISORS),
    Route("DELETE", _QUEUE, SUPERVISORS, "queues:delete", "Delete a queue that no action plan names.", status=204),
    *_members(
        f"{_QUEUE}/agents", "queues", "queues.QueueMember", "queues.QueueMembersIn", "queues.QueueMembersChanged"
    ),
    *_configured("/teams", "teams.Team", "team", SUPERVISORS, SUPERVISORS, SUPERVISORS),
    Route("DELETE", "/teams/{team_id}", SUPERVISORS, "teams:delete", "Delete a team; its agents stay.", status=204),
    *_members("/teams/{team_id}/agents", "teams"),
    *_configured("/intervals", "intervals.Interval", "interval", SUPERVISORS, SUPERVISORS, SUPERVISORS),
    Route(
        "DELETE",
        _INTERVAL,
        SUPERVISORS,
        "intervals:delete",
        "Delete an interval that no action plan names.",
        status=204,
    ),
    Route(
        "GET",
        f"{_INTERVAL}/preview",
        SUPERVISORS,
        "intervals:preview",
        "Whether an interval holds at a time (now), and when that changes next.",
        answer="intervals.Preview",
        query=(Parameter("at", maximum=40),),
    ),
    *_dispositions("/dispositions", "everybody"),
    *_dispositions(f"{_ACCOUNT}/dispositions", "an account"),
    *_dispositions("/lists/{list_id}/dispositions", "a list of contacts"),
    *_dispositions(f"{_QUEUE}/dispositions", "a queue"),
    Route(
        "GET", "/pauses", EVERYONE, "pauses:index", "The pauses to choose from.", answer="pauses.Pause[]", query=PAGE
    ),
    Route(
        "POST",
        "/pauses",
        SUPERVISORS,
        "pauses:create",
        "Add a pause.",
        body="pauses.PauseIn",
        answer="pauses.Pause",
        status=201,
        idempotent="honoured",
    ),
    Route("DELETE", "/pauses/{pause_id}", SUPERVISORS, "pauses:delete", "Take a pause off the list.", status=204),
    *_configured("/agents", "agents.Agent", "agent", SUPERVISORS, EVERYONE, ADMINS),
    Route("DELETE", _AGENT, ADMINS, "agents:delete", "Delete an agent whom no action plan names.", status=204),
    Route(
        "PUT",
        "/agents/me/presence",
        EVERYONE,
        "agents:change_own_presence",
        "Go online, paused or offline.",
        body="agents.PresenceIn",
        answer="agents.Presence",
    ),
    Route(
        "PUT",
        f"{_AGENT}/presence",
        SUPERVISORS,
        "agents:change_presence",
        "Set an agent's state.",
        body="agents.PresenceIn",
        answer="agents.Presence",
    ),
    *_configured("/lists", "lists.ContactList", "list", EVERYONE, EVERYONE, SUPERVISORS),
    Route(
        "GET",
        "/contacts",
        EVERYONE,
        "contacts:index",
        "The contacts of a list, or with a phone number.",
        answer="contacts.Contact[]",
        query=(Parameter("list_id"), Parameter("phone"), *PAGE),
    ),
    Route("GET", "/contacts/{contact_id}", EVERYONE, "contacts:show", "One contact.", answer="contacts.Contact"),
    Route("GET", "/tokens", ADMINS, "tokens:index", "The API tokens.", answer="tokens.Token[]", query=PAGE),
    Route(
        "POST",
        "/tokens",
        ADMINS,
        "tokens:create",
        "Create a token; its secret is shown this once.",
        body="tokens.TokenIn",
        answer="tokens.NewToken",
        status=201,
        idempotent="honoured",
    ),
    Route("DELETE", "/tokens/{token_id}", ADMINS, "tokens:delete", "Revoke a token; works within 30 s.", status=204),
)

_DESK = (
    Route(
        "GET",
        "/sms/realtime",
        SUPERVISORS,
        "realtime:index",
        "What is open and who waits, account by account, at this moment.",
        answer="realtime.AccountNow[]",
        query=PAGE,
    ),
    Route(
        "GET",
        "/sms/desk",
        EVERYONE,
        "desk:poll",
        "The agent's desk, or what changed on it since a cursor (304: nothing).",
        answer="desk.Desk",
        query=(Parameter("since", maximum=8000),),
    ),
    Route(
        "GET",
        "/sms/interactions",
        EVERYONE,
        "interactions:index",
        "The interactions of an account.",
        answer="interactions.Interaction[]",
        query=(
            Parameter("account_id", required=True),
            Parameter("status", allowed=("open", "closed")),
            Parameter("owner"),
            Parameter("sort", allowed=("started", "last_message"), default="last_message"),
            *PAGE,
        ),
    ),
    Route("GET", _INTERACTION, EVERYONE, "interactions:show", "One interaction.", answer="interactions.Interaction"),
    Route(
        "GET",
        f"{_INTERACTION}/messages",
        EVERYONE,
        "interactions:lines",
        "The thread, oldest first: lines before or after a line's number.",
        answer="interactions.Line[]",
        query=(Parameter("before", "integer", minimum=1), Parameter("after", "integer", minimum=0), PAGE[0]),
    ),
    Route(
        "POST",
        f"{_INTERACTION}/messages",
        EVERYONE,
        "interactions:reply",
        "Reply to the customer.",
        body="interactions.MessageIn",
        answer="interactions.Line",
        status=201,
        idempotent="required",
    ),
    Route(
        "POST",
        f"{_INTERACTION}/messages/{{message_id}}/retry",
        EVERYONE,
        "interactions:retry",
        "Send a failed or unknown message again, as a new one.",
        answer="interactions.Line",
        status=201,
        idempotent="honoured",
    ),
    Route(
        "POST",
        f"{_INTERACTION}/notes",
        EVERYONE,
        "interactions:note",
        "Add an internal note.",
        body="interactions.NoteIn",
        answer="interactions.Line",
        status=201,
        idempotent="honoured",
    ),
    Route(
        "POST",
        f"{_INTERACTION}/transfer",
        EVERYONE,
        "interactions:hand_over",
        "Hand an own interaction over to an agent or a queue.",
        body="interactions.TransferIn",
        answer=_INTERACTION_MODEL,
    ),
    Route(
        "DELETE",
        f"{_INTERACTION}/transfer",
        EVERYONE,
        "interactions:take_back",
        "Take an own interaction back before somebody accepts it.",
        answer=_INTERACTION_MODEL,
    ),
    Route(
        "POST",
        f"{_INTERACTION}/dispose",
        EVERYONE,
        "interactions:dispose",
        "Begin to dispose of an own interaction, in the account's pause for it.",
        answer=_INTERACTION_MODEL,
    ),
    Route(
        "DELETE",
        f"{_INTERACTION}/dispose",
        EVERYONE,
        "interactions:cancel_disposing",
        "Go on with an own interaction instead of closing it.",
        answer=_INTERACTION_MODEL,
    ),
    Route(
        "POST",
        "/sms/interactions/reassign",
        SUPERVISORS,
        "interactions:reassign_many",
        "Give interactions to an agent or into a queue.",
        body="interactions.ReassignManyIn",
        answer="interactions.Reassigned",
    ),
    Route("POST", f"{_INTERACTION}/reject", EVERYONE, "interactions:reject", "Reject an offer.", status=204),
    *(
        Route("POST", f"{_INTERACTION}/{verb}", roles, f"interactions:{verb}", summary, body, _INTERACTION_MODEL)
        for verb, roles, summary, body in (
            ("accept", EVERYONE, "Accept an offer.", None),
            ("open", EVERYONE, "Open the tab of an own or unassigned interaction.", None),
            ("leave", EVERYONE, "Close the tab without closing the interaction.", None),
            ("take", SUPERVISORS, "Take an interaction over.", None),
            ("reassign", SUPERVISORS, "Give it to an agent or into a queue.", "interactions.ReassignIn"),
            ("reopen", EVERYONE, "Open it again after it was closed.", None),
            ("unread", EVERYONE, "Mark as unread.", None),
            ("read", EVERYONE, "Mark as read up to a line.", "interactions.ReadIn"),
            ("close", EVERYONE, "Close the interaction.", "interactions.CloseIn"),
        )
    ),
)

_HOOKS = tuple(
    Route(method, path, PUBLIC, handler, summary, raw=True)
    for path, handler, summary in (
        (f"{_ACCOUNT}/receive/{{token}}", "receive:receive", "Events of the account's provider."),
        (f"{_ACCOUNT}/delivery/{{token}}", "receive:delivery", "Delivery reports of the account's provider."),
        (f"{_ACCOUNT}/delivery/{{token}}/{{message_id}}", "receive:delivery", "Delivery reports of one message."),
    )
    for method in ("GET", "POST")
)

_SYSTEM = (
    Route("GET", "/health", PUBLIC, "system:health", "Whether the API answers.", answer="common.Health"),
    Route("GET", "/openapi.json", PUBLIC, "system:openapi", "This API as OpenAPI 3.1."),
    Route("GET", "/docs", PUBLIC, "system:docs", "This API as a page to read."),
)

ROUTES: tuple[Route, ...] = (*_CONFIGURATION, *_DESK, *_HOOKS, *_SYSTEM)
