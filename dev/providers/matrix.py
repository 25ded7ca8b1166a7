"""The page that compares the providers, made from what each says of itself."""

from collections.abc import Callable

from chalicelib import providers
from chalicelib.providers.spec import ProviderSpec

PAGE = "docs/providers/README.md"

_REPORTS = {
    "per_message": "asked for with each message",
    "pasted": "option; URL to paste",
    "always_shown": "URL to paste",
    "receive_url": "to the receive URL",
}
_PROOF = {"signature": "signature", "shared_secret": "shared secret", "basic": "Basic credentials", "none": "URL only"}

_INTRODUCTION = """\
# Providers

Made from the specifications in `chalicelib/providers/` by `python -m dev.providers matrix`; a test sees that it is
current. The same data, with every field of the account's form, is at `GET /sms/providers`. How to add one:
[adding.md](adding.md).
"""


def _sender(spec: ProviderSpec) -> str:
    if spec.sender is None:
        return "no"
    return f"with {', '.join(spec.sender.methods)}" if spec.sender.methods else "yes"


def _reports(spec: ProviderSpec) -> str:
    rule = spec.reports
    how = _REPORTS[rule.how] + (" or sent with each message" if rule.per_message_too else "")
    return f"{how}, with {', '.join(rule.methods)}" if rule.methods else how


def _phone(spec: ProviderSpec) -> str:
    return f"E.164, {spec.phone_help or 'short code'}"


def _answer(spec: ProviderSpec) -> str:
    seconds = spec.answer.within_seconds
    return f"within {seconds:g} s" if seconds is not None else "not published"


_RECEIVING: dict[str, Callable[[ProviderSpec], str]] = {
    "callbacks proven by": lambda spec: _PROOF[spec.authentication],
    "answer wanted": _answer,
    "without an answer": lambda spec: spec.answer.retries,
    "delivery reports": _reports,
}
_SENDING: dict[str, Callable[[ProviderSpec], str]] = {
    "phone": _phone,
    "sender string": _sender,
    "characters": lambda spec: str(spec.max_characters),
    "attachments": lambda spec: str(spec.media_per_message or "none"),
    "segments per second": lambda spec: (
        f"{spec.segments_per_second:g}" if spec.segments_per_second else "1, none published"
    ),
    "base URL": lambda spec: "required" if spec.base_url_required else "known",
    "STOP answered by": lambda spec: spec.opt_out_reply,
}


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, "## Receiving", _table(_RECEIVING), "## Sending", _table(_SENDING), "## What is assumed"]
    return "\n".join([*parts, _assumed()])


def _table(columns: dict[str, Callable[[ProviderSpec], str]]) -> str:
    lines = [["type", *columns], ["---"] * (len(columns) + 1)]
    for name in providers.types():
        spec = providers.get(name).spec
        lines.append([f"[{spec.label}]({name}.md)", *(column(spec) for column in columns.values())])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _assumed() -> str:
    """What the providers do not publish."""
    specs = [providers.get(name).spec for name in providers.types()]
    return "".join(f"- {spec.label}: {words}\n" for spec in specs for words in spec.assumed)
