"""Text that can be told by reading: literals, joined literals, constants of modules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from mainstem.migrate.modules import Chain, Module, Project


@dataclass(frozen=True)
class Given:
    """The arguments with which a function of the project is called, by parameter."""

    values: "Mapping[str, tuple[Module, cst.BaseExpression, Given]]" = field(default_factory=dict)


def text_of(
    project: Project, module: Module, node: cst.BaseExpression | None, given: Given
) -> str | None:
    """The text that `node` has when it runs, or None when reading cannot tell."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        if isinstance(value, str):
            return value
        if isinstance(node, cst.ConcatenatedString):
            return _joined(
                text_of(project, module, node.left, given),
                text_of(project, module, node.right, given),
            )
    if isinstance(node, cst.FormattedString):
        return _formatted(project, module, node, given)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _joined(
            text_of(project, module, node.left, given), text_of(project, module, node.right, given)
        )
    if isinstance(node, cst.Name) and node.value in given.values:
        there, value_node, outer = given.values[node.value]
        return text_of(project, there, value_node, outer)
    if isinstance(node, Chain):
        return _constant(project, module, node)
    return None


def _joined(left: str | None, right: str | None) -> str | None:
    return None if left is None or right is None else left + right


def _formatted(
    project: Project, module: Module, node: cst.FormattedString, given: Given
) -> str | None:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(part.value.replace("{{", "{").replace("}}", "}"))
            if "\\" in part.value:
                return None
            continue
        if not isinstance(part, cst.FormattedStringExpression):
            return None
        text = text_of(project, module, part.expression, given)
        if text is None or part.format_spec is not None or part.conversion is not None:
            return None
        parts.append(text)
    return "".join(parts)


def _constant(project: Project, module: Module, node: Chain) -> str | None:
    name = project.resolve(module, node)
    if name is None:
        return None
    there, rest = project.split(name)
    if there is None:
        return None
    bindings = there.bindings(rest)
    value = there.value_of(bindings[0]) if len(bindings) == 1 else None
    return text_of(project, there, value, Given()) if value is not node else None


def given_by(
    module: Module, call: cst.Call, parameters: cst.Parameters, maker: Module, outer: Given
) -> Given:
    """What `call`, in `module`, hands to a function of `maker` with those `parameters`."""
    plain = [*parameters.posonly_params, *parameters.params]
    values: dict[str, tuple[Module, cst.BaseExpression, Given]] = {
        each.name.value: (maker, each.default, Given())
        for each in [*plain, *parameters.kwonly_params]
        if each.default is not None
    }
    position = 0
    for argument in call.args:
        if argument.star:
            break
        if argument.keyword is not None:
            values[argument.keyword.value] = (module, argument.value, outer)
        elif position < len(plain):
            values[plain[position].name.value] = (module, argument.value, outer)
            position += 1
    return Given(values)
