"""Rule `client-at-import`: what importing a module binds to a client for good."""

import ast
from collections.abc import Iterator

from mainstem.lint.body import finding
from mainstem.lint.findings import Finding
from mainstem.lint.source import Module


def clients_at_import(module: Module) -> Iterator[Finding]:
    """Clients, and functions of clients, that the module makes while it is imported."""
    for call in module.at_import:
        if module.qualified(call.func) == "inngest.Inngest":
            yield finding(
                module, "client-at-import", call, "A client is made when this module is imported."
            )
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "create_function":
            given = {word.arg: word.value for word in call.keywords}
            function_id = module.text_of(given.get("fn_id"))
            if "fn_id" not in given and "trigger" not in given and None not in given:
                continue  # somebody else's method of that name
            told = f"Function '{function_id}'" if function_id else "A function"
            yield finding(
                module,
                "client-at-import",
                call,
                f"{told} is bound to a client when this module is imported.",
                function_id,
            )
