"""What the packaged template must say."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import config
from infra.build import BuildError, Package, lint
from infra.graph import find_cycle

RECEIVE_PATHS = {
    "/sms/accounts/{account_id}/receive/{token}",
    "/sms/accounts/{account_id}/delivery/{token}",
    "/sms/accounts/{account_id}/delivery/{token}/{message_id}",
}
# Variables of an access log that hold neither a path with its secret nor a person's address.
HARMLESS = {
    "requestTime",
    "requestId",
    "httpMethod",
    "resourcePath",
    "status",
    "responseLatency",
    "integrationLatency",
    "responseLength",
}


def test_cfn_lint_accepts_the_packaged_template(packaged: Package) -> None:
    lint(packaged.template)


def test_cfn_lint_refuses_a_property_that_does_not_exist(broken: tuple[dict[str, Any], Path]) -> None:
    template, path = broken
    template["Resources"]["Table"]["Properties"]["Colour"] = "red"
    path.write_text(json.dumps(template))
    with pytest.raises(BuildError, match="Colour"):
        lint(path)


def test_nothing_refers_to_itself_in_a_circle(template: dict[str, Any]) -> None:
    assert find_cycle(template) == []


@pytest.mark.parametrize(
    "reference", [{"Ref": "RestAPI"}, {"Fn::GetAtt": ["Routing", "Arn"]}, {"Fn::Sub": "${Routing}"}]
)
def test_an_environment_that_refers_to_what_needs_its_function_is_a_circle(
    broken: tuple[dict[str, Any], Path], reference: dict[str, Any]
) -> None:
    template, _ = broken
    template["Resources"]["NextStep"]["Properties"]["Environment"]["Variables"]["MORE"] = reference
    template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]["MORE"] = reference
    assert len(find_cycle(template)) > 1


def test_every_function_gets_the_settings_and_no_other_variable(
    functions: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for properties in functions.values():
        names = set(properties["Environment"]["Variables"])
        with monkeypatch.context() as patch:
            for name in [*os.environ]:
                patch.delenv(name)
            for name in names:
                patch.setenv(name, "{}")
            config.settings.cache_clear()
            config.settings()
            patch.delenv("STAGE")
            config.settings.cache_clear()
            with pytest.raises(KeyError):
                config.settings()
        assert len(names - {"RECORD_CALLS"}) == len(config.Settings.__dataclass_fields__)
    config.settings.cache_clear()


def test_receive_and_delivery_urls_reach_their_own_function_and_all_others_the_api(template: dict[str, Any]) -> None:
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert paths.keys() >= RECEIVE_PATHS
    for path, operations in paths.items():
        function = "Receive" if path in RECEIVE_PATHS else "APIHandler"
        for method, operation in operations.items():
            assert f"${{{function}.Arn}}" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"], (
                path,
                method,
            )
    for path in RECEIVE_PATHS:
        assert paths[path].keys() == {"get", "post"}


def test_bodies_pass_through_as_bytes(template: dict[str, Any]) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_the_access_log_shows_neither_a_path_nor_a_persons_address(template: dict[str, Any]) -> None:
    settings = template["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]
    named = set(re.findall(r"\$context\.([A-Za-z.]+)", settings["Format"]))
    assert named
    assert named <= HARMLESS
    assert "$input" not in settings["Format"]
    json.loads(settings["Format"])


def test_the_stage_writes_no_execution_log_and_no_trace(template: dict[str, Any]) -> None:
    properties = template["Resources"]["RestAPI"]["Properties"]
    assert properties["TracingEnabled"] is False
    assert [(s["LoggingLevel"], s["DataTraceEnabled"]) for s in properties["MethodSettings"]] == [("OFF", False)]
    assert {function["Properties"]["Tracing"] for function in of_type(template, "AWS::Serverless::Function")} == {
        "PassThrough"
    }


def test_every_function_has_a_log_group_of_its_own_that_forgets(
    template: dict[str, Any], functions: dict[str, dict[str, Any]]
) -> None:
    groups = [properties["LoggingConfig"]["LogGroup"]["Ref"] for properties in functions.values()]
    assert len(set(groups)) == len(functions) == 5
    for group in of_type(template, "AWS::Logs::LogGroup"):
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_the_gateways_own_answers_are_problems_and_an_unknown_path_is_404(template: dict[str, Any]) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    for response in responses.values():
        assert response["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        text = response["responseTemplates"]["application/json"].replace("$context.status", "400")
        assert json.loads(text).keys() == {"type", "title", "status", "code", "retryable"}


def test_what_holds_data_outlives_the_stack(template: dict[str, Any]) -> None:
    for name in ("Table", "Key"):
        assert template["Resources"][name]["DeletionPolicy"] == "Retain"
    table = template["Resources"]["Table"]["Properties"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_dispatch_returns_single_messages_and_the_queue_gives_up_in_the_end(
    template: dict[str, Any], functions: dict[str, dict[str, Any]]
) -> None:
    source = functions["Dispatch"]["Events"]["DispatchSqsEventSource"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Queue"] == {"Fn::GetAtt": ["Outbound", "Arn"]}
    queue = template["Resources"]["Outbound"]["Properties"]
    # Six times the function's time limit, as AWS asks of a queue with an event source mapping.
    assert queue["VisibilityTimeout"] == 6 * functions["Dispatch"]["Timeout"] == 180
    assert queue["RedrivePolicy"]["maxReceiveCount"] == {"Ref": "MaxReceiveCount"}


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [resource for resource in template["Resources"].values() if resource["Type"] == kind]
    assert found
    return found
