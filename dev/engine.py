"""Runs MiniStack with four of its gaps filled; started by dev/ministack.py with MiniStack's own Python.

Each addition follows what AWS documents and MiniStack 1.5.33 leaves out:

- a Task's `TimeoutSecondsPath`
  (https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html);
- the gateway responses and binary media types of an imported API
  (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html);
- a changed API body applied in place (PutRestApi, mode overwrite), so that the API keeps its pinned id;
- the encryption context among what a policy may ask of a KMS call
  (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html).

And one wait is shortened: MiniStack holds the answer of a function that logs nothing back for 50 ms.
"""

# mypy: ignore-errors
# The ministack package lives in an environment of its own, where the type checker cannot see it.

import json

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import apigateway_v1, stepfunctions
from ministack.services.cloudformation import provisioners

RESPONSES = "x-amazon-apigateway-gateway-responses"
BINARY = "x-amazon-apigateway-binary-media-types"
LOG_WAITS = (0.003, 0.002, 0.250)  # seconds: for a first line, after a line, in all

plain_task = stepfunctions._execute_task
plain_context = iam_actions.request_tag_context
plain_import = apigateway_v1._import_rest_api
api_kind = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
plain_update = api_kind["update"]


def execute_task(state: dict, state_input: object, execution: dict, context: dict) -> object:
    """A Task whose time limit may stand in its input."""
    path = state.get("TimeoutSecondsPath")
    if path:
        state = {**state, "TimeoutSeconds": stepfunctions._resolve_path(path, state_input)}
    return plain_task(state, state_input, execution, context)


def policy_context(service: str, action: str, body: bytes, parameters: dict) -> dict:
    """What a policy's conditions may look at; of a KMS call its encryption context, too."""
    context = plain_context(service, action, body, parameters)
    if service == "kms":
        pairs = json.loads(body or b"{}").get("EncryptionContext") or {}
        context |= {f"kms:EncryptionContext:{key}": [value] for key, value in pairs.items()}
        if pairs:
            context["kms:EncryptionContextKeys"] = list(pairs)
    return context


def import_api(body: dict, data: dict | None = None) -> str:
    """A new API from its description, its gateway responses and binary media types included."""
    api = plain_import(body, {**(data or {}), "binaryMediaTypes": body.get(BINARY, [])})
    put_responses(api, body)
    return api


def put_responses(api: str, body: dict) -> None:
    for kind, response in body.get(RESPONSES, {}).items():
        status, _, answer = apigateway_v1._put_gateway_response(api, kind, response)
        if status >= 400:
            raise ValueError(f"gateway response {kind}: {answer!r}")


def update_api(api: str, old: dict, new: dict, stack: str, logical_id: str | None = None) -> tuple[str, dict]:
    """The same API with the paths and gateway responses of a new description."""
    if new.get("Body") != old.get("Body"):
        overwrite(api, new["Body"])
    return plain_update(api, {**old, "Body": new.get("Body")}, new, stack, logical_id)


def overwrite(api: str, body: dict) -> None:
    resources = apigateway_v1._resources[api]
    root = next(identifier for identifier, resource in resources.items() if resource["path"] == "/")
    apigateway_v1._resources[api] = {root: {**resources[root], "resourceMethods": {}}}
    schemes = apigateway_v1._import_security_schemes(api, body)
    for path, item in body["paths"].items():
        apigateway_v1._import_path_item(api, path, item, schemes, body.get("security"))
    apigateway_v1._rest_apis[api]["binaryMediaTypes"] = body.get(BINARY, [])
    apigateway_v1._gateway_responses[api] = {}
    put_responses(api, body)


if __name__ == "__main__":
    stepfunctions._execute_task = execute_task
    iam_actions.request_tag_context = policy_context
    apigateway_v1._import_rest_api = import_api
    api_kind["update"] = update_api
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = LOG_WAITS
    app.main()
