"""The logger and the metrics: ids only, never a text, a whole number or a credential."""

from aws_lambda_powertools import Logger

logger = Logger(service="smsdesk")


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Emit one metric in CloudWatch's embedded format, as a log line of its own."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace="smsdesk") as metric:
        for key, text in dimensions.items():
            metric.add_dimension(name=key, value=text)
