"""Circular references in a CloudFormation template, which cfn-lint does not find in a SAM template."""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

IN_SUB = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


def find_cycle(template: Mapping[str, Any]) -> list[str]:
    """The logical ids of one circle of resources, the first repeated at the end; empty when there is none."""
    resources = template["Resources"]
    graph = {name: {target for target in referred(body) if target in resources} for name, body in resources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def referred(node: Any) -> Iterator[str]:
    """Every name that a resource refers to: Ref, Fn::GetAtt, Fn::Sub and DependsOn."""
    if isinstance(node, list):
        for item in node:
            yield from referred(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from direct(key, value)
            yield from referred(value)


def direct(key: str, value: Any) -> Iterator[str]:
    if key == "Ref":
        yield value
    elif key == "Fn::GetAtt":
        yield value.split(".")[0] if isinstance(value, str) else value[0]
    elif key == "Fn::Sub":
        yield from IN_SUB.findall(value if isinstance(value, str) else value[0])
    elif key == "DependsOn":
        yield from [value] if isinstance(value, str) else value
