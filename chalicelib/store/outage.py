"""Tells errors of AWS that pass by themselves from those that do not."""

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

_PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionInProgressException",
    }
)


def is_outage(error: BaseException) -> bool:
    """Whether the same call may well work a moment later: no connection, a timeout, throttling, contention."""
    if isinstance(error, HTTPClientError | ConnectionError):
        return True
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    codes = {error.response["Error"]["Code"]}
    codes |= {reason.get("Code") for reason in error.response.get("CancellationReasons") or []}
    return bool(codes & _PASSING) or status >= 500
