"""The type `custom`: any HTTP provider, declared in the account's options, and the names that are usual among them."""

from chalicelib.providers.declared import Declared
from chalicelib.providers.mapping import Receiving, Sending
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule, SenderRule

# Where nothing is declared: the usual names, the numbers of SMPP 5.0 (`message_state`) and its words, long and short.
SENDING = Sending(
    id=("message_id", "id", "data.id", "messages.0.id"),
    error_code=("error.code", "code", "error_code", "status"),
    error_text=("error.message", "message", "error", "description"),
)
RECEIVING = Receiving(
    id=("message_id", "id", "sms_id", "uuid"),
    sender=(
        "from",
        "sender",
        "originator",
        "originating_address",
        "source",
        "source_addr",
        "msisdn",
        "mobile",
        "phone",
    ),
    recipient=("to", "receiver", "recipient", "destination", "destination_address", "dest_addr", "shortcode"),
    text=("text", "message", "body", "content", "msg", "segmented_message.message"),
    time=("timestamp", "date", "received_at", "time"),
    status=("state", "status", "message_state", "stat"),
    code=("error_code", "code", "err"),
    reference=("reference", "client_ref", "custom_id"),
    udh=("udh",),
    part_reference=("segmented_message.msg_ref_num",),
    part_number=("segmented_message.sequence_number",),
    part_total=("segmented_message.sequence_size",),
    statuses={
        **dict.fromkeys(("0", "SCHEDULED", "QUEUED", "PENDING"), "queued"),
        **dict.fromkeys(("1", "ENROUTE", "SENT", "6", "ACCEPTED", "ACCEPTD"), "sent"),
        **dict.fromkeys(("2", "DELIVERED", "DELIVRD"), "delivered"),
        **dict.fromkeys(("3", "EXPIRED"), "expired"),
        **dict.fromkeys(("4", "DELETED", "5", "UNDELIVERABLE", "UNDELIVERED", "UNDELIV"), "undelivered"),
        **dict.fromkeys(("8", "REJECTED", "REJECTD"), "rejected"),
        **dict.fromkeys(("9", "SKIPPED", "FAILED", "ERROR"), "failed"),
    },
)

RATE_UNKNOWN = AnswerRule(None, "not known")
# The two options that change a declaration; the presets offer them as well, since nobody publishes their contracts.
MAPPING = (
    AccountField(
        "send",
        "Sending",
        "JSON: method, path, body, auth, headers, fields, number_format, success_path, success_values, id, "
        "id_from_body, error_code, error_text, errors.",
        required=False,
    ),
    AccountField(
        "receive",
        "Receiving",
        "JSON: id, sender, recipient, text, time, status, code, reference, udh, part_reference, part_number, "
        "part_total, items, statuses, secret_header, secret_field.",
        required=False,
    ),
)

SPEC = ProviderSpec(
    label="Custom HTTP",
    credentials=(
        AccountField(
            "api_key", "API key", "Stands for {api_key}.", secret=True, required=False, pattern="[ -~]{1,500}"
        ),
        AccountField("username", "Username", "Stands for {username}.", required=False),
        AccountField("password", "Password", "Stands for {password}.", secret=True, required=False),
        AccountField(
            "webhook_secret",
            "Webhook secret",
            "What the provider has to send along, in the header or field that the mapping names.",
            secret=True,
            required=False,
        ),
    ),
    options=MAPPING,
    sender=SenderRule(r"[^\x00-\x1f\x7f]{1,30}", "Up to 30 characters; what the provider takes is its own matter."),
    reports=ReportRule("pasted", per_message_too=True),
    setup=(
        "Declare how a text is sent: the option `send`, see docs/providers/custom.md.",
        "At the provider, have incoming texts posted to {receive_url}",
        "With the delivery report option: have reports posted to {delivery_url} or let each call name it.",
        "Post a sample of what the provider sends to the account's check, and adjust the option `receive`.",
    ),
    authentication="shared_secret",
    answer=RATE_UNKNOWN,
    segments_per_second=None,
    media_per_message=0,
    max_characters=1600,
    base_url_required=True,
    number_form="e164",
    opt_out_reply="desk",
    assumed=("Everything that is not declared is read by the names that are usual among providers.",),
)

PROVIDER = Declared("custom", SPEC, SENDING, RECEIVING)
