"""CSC Telecom, whose contract is not published: a preset of the declared HTTP provider."""

from dataclasses import replace

from chalicelib.providers.custom import MAPPING, RATE_UNKNOWN, RECEIVING, SENDING
from chalicelib.providers.declared import Declared
from chalicelib.providers.spec import AccountField, ProviderSpec, ReportRule

SPEC = ProviderSpec(
    label="CSC Telecom",
    credentials=(
        AccountField("api_key", "API key", "Handed over by CSC Telecom.", secret=True, pattern="[!-~]{1,500}"),
    ),
    options=MAPPING,
    sender=None,
    reports=ReportRule("always_shown", url_suffix="?message-id=<Message-Id>&state=<State>"),
    setup=(
        "Take the API key and the base URL from CSC Telecom.",
        "Give CSC Telecom {receive_url} as the URL of incoming texts, posted.",
        "Give CSC Telecom {delivery_url} as the URL of delivery reports, its last part exactly as it stands: "
        "CSC Telecom puts the message and its state in the place of <Message-Id> and <State>.",
        "Send a text and answer it; where the names differ, adjust the options `send` and `receive`.",
    ),
    authentication="none",
    answer=RATE_UNKNOWN,
    segments_per_second=None,
    media_per_message=0,
    max_characters=1600,
    base_url_required=True,
    number_form="e164",
    opt_out_reply="desk",
    assumed=(
        "CSC Telecom publishes no contract: field names and answers are placeholders that the mapping adjusts.",
        "The states are taken for those of SMPP, as numbers or words.",
    ),
)

PROVIDER = Declared(
    "csctelecom",
    SPEC,
    replace(
        SENDING,
        headers={"Authorization": "Bearer {api_key}"},
        fields={"from": "{from}", "to": "{to}", "text": "{text}"},
    ),
    RECEIVING,
)
