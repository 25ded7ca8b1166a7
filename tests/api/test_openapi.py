"""The routes: what they load, how they are described."""

import json
import re
import subprocess
import sys
from importlib import import_module

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app import app
from chalicelib.api.routes import ROUTES
from tests.api.conftest import Api

HEAVY = ("pydantic", "requests", "phonenumbers", "chalicelib.api.dispatch", "chalicelib.models.accounts")


def test_importing_the_app_loads_neither_models_nor_heavy_libraries() -> None:
    code = f"import sys, app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_route_has_a_handler_and_is_registered_once() -> None:
    for route in ROUTES:
        module, function = route.handler.split(":")
        assert callable(getattr(import_module(f"chalicelib.api.{module}"), function)), route.handler
        assert route.method in app.routes[route.path]
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
    assert sum(len(methods) for methods in app.routes.values()) == len(ROUTES)


def test_one_place_of_a_path_has_one_name() -> None:
    names: dict[str, set[str]] = {}
    for route in ROUTES:
        parts = route.path.split("/")
        for position, part in enumerate(parts):
            if part.startswith("{"):
                names.setdefault("/".join(re.sub("{.*}", "*", one) for one in parts[:position]), set()).add(part)
    assert {prefix: found for prefix, found in names.items() if len(found) > 1} == {}


def test_the_document_describes_every_route_with_its_roles_and_schemas(api: Api) -> None:
    document = api(None, "GET", "/openapi.json").body
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, found in document["paths"].items() for method in found}
    assert described == {(route.method, route.path) for route in ROUTES}
    schemas = document["components"]["schemas"]
    referred = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert referred - set(schemas) == set()
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    create = document["paths"]["/sms/accounts"]["post"]
    assert create["x-roles"] == ["admin"]
    assert create["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/AccountIn")
    assert schemas["AccountIn"]["required"] == ["name", "key", "type", "phone"]
    assert schemas["AccountIn"]["additionalProperties"] is False
    reply = document["paths"]["/sms/interactions/{interaction_id}/messages"]["post"]
    assert {"Idempotency-Key": True}.items() <= {one["name"]: one["required"] for one in reply["parameters"]}.items()
    assert document["paths"]["/health"]["get"]["security"] == []


def test_an_answer_is_what_the_document_says(api: Api) -> None:
    document = api(None, "GET", "/openapi.json").body

    def valid(name: str, value: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema).validate(value)

    account, agent, queue = api.account(), api.agent(), api.queue()
    valid("Account", account)
    valid("Agent", agent)
    valid("Queue", queue)
    actions = [{"app": "queue", "queue_id": queue["id"]}, {"app": "close"}]
    path = f"/sms/accounts/{account['id']}/plan"
    valid("Plan", api.must("admin", "PUT", path, {"actions": actions}, If_Match="1"))
    valid("Token", api.must("admin", "GET", "/tokens")["data"][0])
    valid("Problem", api("admin", "POST", "/sms/accounts", {}).body)


def test_health_and_docs_are_open_and_the_page_loads_nothing(api: Api) -> None:
    assert api(None, "GET", "/health").body == {"status": "ok", "stage": "test"}
    page = api(None, "GET", "/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert not re.search(r"https?://|<script|<img|<link|@import", page.body)
    assert page.body.count("<tr><td>") == len(ROUTES)
