"""The Chalice app: registers routes and event handlers. No logic lives here."""

from typing import Any

from chalice import Chalice, Rate
from chalice.app import CloudWatchEvent, SQSEvent

from chalicelib.api import register
from chalicelib.observability import logger

app = Chalice(app_name="smsdesk")
app.api.binary_types = ["application/zip"]
register(app)


@app.lambda_function(name="receive")
def receive(event: dict[str, Any], context: Any) -> Any:
    """The receive and delivery routes in a function of their own: same app, own role and concurrency."""
    return app(event, context)


@app.lambda_function(name="next_step")
def next_step(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The state machine's only Lambda: what the routing of one interaction does next."""
    from chalicelib.handlers.next_step import handle

    return handle(event)


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:outbound.fifo", batch_size=10, name="dispatch")
def dispatch(event: SQSEvent) -> dict[str, Any]:
    """Sends outbound texts; the merge template sets the real queue and partial batch responses."""
    from chalicelib.handlers.dispatch import handle

    return handle(event.to_dict(), event.context)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="reconcile")
def reconcile(event: CloudWatchEvent) -> dict[str, Any]:
    """Repairs what a crash left behind, every minute."""
    from chalicelib.handlers.reconcile import handle

    return handle(event.to_dict())


logger.debug("app imported")
