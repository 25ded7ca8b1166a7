"""CSC Telecom, which publishes no contract: the made-up gateway; reports fill the placeholders of the pasted URL."""

import json
from urllib.parse import quote, urlencode

from dev.simulator.contract import Account, CustomerText, ReportStatus, Sent, Webhook
from dev.simulator.plain import JSON, PlainGateway

# `message_state` of SMPP 5.0; 1 is on its way, 5 undeliverable.
STATES = {"sent": 1, "delivered": 2, "undelivered": 5}


class CscTelecom(PlainGateway):
    name = "csctelecom"
    secret = "api_key"  # noqa: S105 - the name of a credential
    credential_patterns = {"api_key": r"\S+"}  # noqa: RUF012 - read only

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """A form with the long names of SMPP gateways; a piece of a long text as JSON with its segment."""
        piece = text.piece
        if piece:
            segment = {"message": text.text, "msgRefNum": piece.reference, "sequenceSize": piece.total}
            document = {"messageId": text.provider_message_id, "originatingAddress": text.sender}
            document |= {"destinationAddress": account.phone}
            body = document | {"segmentedMessage": segment | {"sequenceNumber": piece.number}}
            return Webhook(account.receive_url, JSON, json.dumps(body).encode())
        fields = {"message-id": text.provider_message_id, "originating-address": text.sender}
        fields |= {"destination-address": account.phone, "message": text.text}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Webhook(account.receive_url, headers, urlencode(fields).encode())

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:  # noqa: ARG002 - no codes
        """A GET of the pasted URL, message and state in the places that are marked for them."""
        filled = url.replace("<Message-Id>", quote(sent.provider_message_id)).replace("<State>", str(STATES[status]))
        return Webhook(filled, {}, b"", "GET")


PROVIDER = CscTelecom()
