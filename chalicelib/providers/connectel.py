"""Connectel, whose contract is not published: a preset of the declared HTTP provider."""

from dataclasses import replace

from chalicelib.providers.custom import MAPPING, RATE_UNKNOWN, RECEIVING, SENDING
from chalicelib.providers.declared import Declared
from chalicelib.providers.spec import AccountField, ProviderSpec, ReportRule, SenderRule

SPEC = ProviderSpec(
    label="Connectel",
    credentials=(
        AccountField("auth_token", "Auth token", "From the Connectel platform.", secret=True, pattern="[!-~]{1,500}"),
    ),
    options=MAPPING,
    sender=SenderRule(
        r"[^\x00-\x1f\x7f]{1,11}|\+?[0-9]{1,15}", "Any name of up to 11 characters, or a number of up to 15 digits."
    ),
    reports=ReportRule("pasted", per_message_too=True),
    setup=(
        "In the Connectel platform open the SMS provider setup.",
        "Paste {receive_url} as the URL of incoming texts, and choose POST where it asks.",
        "With the delivery report option: paste {delivery_url} as the URL of delivery reports.",
        "Send a text and answer it; where Connectel's names differ, adjust the options `send` and `receive`.",
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
        "Connectel publishes no contract: base URL, field names and answers are placeholders that the mapping adjusts.",
    ),
)

PROVIDER = Declared(
    "connectel",
    SPEC,
    replace(
        SENDING,
        headers={"Authorization": "Bearer {api_key}"},
        fields={"from": "{from}", "to": "{to}", "text": "{text}"},
    ),
    RECEIVING,
)
