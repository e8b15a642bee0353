"""One function at a time: the others are adopted meanwhile, and nothing changes for the server."""

from pathlib import Path

import pytest

from mainstem.cli.migrate import refusal
from mainstem.migrate import Action, MigrateError, Plan, plan_migration, write

from .awkward import case, names, put, read, registered


def only(folder: Path, *ids: str) -> Plan:
    plan = plan_migration([folder], base=folder, refusal=refusal, only=ids)
    write(plan)
    return plan


def to_rewrite(folder: Path) -> list[str]:
    plan = plan_migration([folder], base=folder, refusal=refusal)
    items = [one for one in plan.having(Action.REWRITE) if one.kind.value == "function"]
    return [one.what.strip("'") for one in items if one.what.startswith("'")]


WRAPPED = {
    "made.py": """import inngest

one = inngest.Inngest(app_id="one")


def job(name):
    return one.create_function(
        fn_id=f"shop-{name}", trigger=inngest.TriggerEvent(event=f"e/{name}")
    )
""",
    "jobs.py": """import inngest
from made import job


@job("same")
async def same(ctx: inngest.Context) -> None: ...
""",
    "others.py": """import inngest

two = inngest.Inngest(app_id="two")


@two.create_function(fn_id="shop-same", trigger=inngest.TriggerEvent(event="two/same"))
async def other(ctx: inngest.Context) -> None: ...
""",
}
ADOPTED = {
    "jobs.py": """import inngest

one = inngest.Inngest(app_id="one")
two = inngest.Inngest(app_id="two")


@one.create_function(fn_id="same", trigger=inngest.TriggerEvent(event="one/same"))
async def first(ctx: inngest.Context) -> None: ...


@two.create_function(fn_id="same", trigger=inngest.TriggerEvent(event="two/same"))
async def second(ctx: inngest.Context) -> None: ...
""",
    "main.py": """from jobs import second

from mainstem.catalog import Catalog, adopt
from mainstem.serving import asgi

app = asgi.app(Catalog([adopt(second)]))
""",
}

# Cases whose functions all move, have names of their own, and are made without wrappers.
STEPWISE = (
    "django_urls",
    "flask_and_worker",
    "merged_apps_invoked_by_name",
    "middleware",
    "middleware_of_the_serving_client",
    "serve_options",
    "web_module_needed",
)


@pytest.mark.parametrize("name", STEPWISE)
def test_each_step_registers_the_same_and_the_last_is_as_at_once(name: str, tmp_path: Path) -> None:
    put(before := tmp_path / "before", case(name).before)
    put(folder := tmp_path / "folder", case(name).before)
    first, *others = to_rewrite(folder)
    plan = only(folder, first)
    wanted = registered(before, plan, is_after=False)
    assert registered(folder, plan, is_after=True) == wanted
    for fn_id in others:
        only(folder, fn_id)
    assert lines(read(folder)) == lines({**case(name).before, **case(name).after})
    left = plan_migration([folder], base=folder, refusal=refusal).items
    assert [one for one in left if one.action is not Action.BY_HAND] == []


def lines(files: dict[str, str]) -> dict[str, list[str]]:
    """Each file's lines in an order of their own: a catalogue keeps that in which it grew."""
    return {name: sorted(text.splitlines()) for name, text in files.items()}


def test_an_id_that_no_function_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, case("flask_and_worker").before)
    with pytest.raises(MigrateError, match="Did you mean 'pack'"):
        only(tmp_path, "pakc")


def test_what_adopt_says_besides_keeps_a_function_adopted(tmp_path: Path) -> None:
    put(tmp_path, case("flask_and_worker").before)
    only(tmp_path, "pack")
    catalogue = tmp_path / "inngest_catalog.py"
    text = catalogue.read_text().replace("adopt(ship)", "adopt(ship, group='depot')")
    catalogue.write_text(text)
    (ship,) = (one for one in only(tmp_path, "ship").items if one.what == "'ship'")
    assert (ship.action, ship.reason) == (
        Action.ADOPT,
        "`adopt` at inngest_catalog.py:10 also gives it `group`: write a definition by hand",
    )


def test_an_id_that_a_wrapper_gave_to_a_definition_is_taken(tmp_path: Path) -> None:
    put(tmp_path, WRAPPED)
    only(tmp_path)
    assert "sdk_function(" in (tmp_path / "made.py").read_text()
    (item,) = (one for one in only(tmp_path).items if one.what == "'shop-same'")
    assert item.reason == ("its id 'shop-same' is taken by the definition at jobs.py:6; rename one")


def test_an_id_that_the_catalogue_adopts_is_taken_whatever_stands_first(tmp_path: Path) -> None:
    put(tmp_path, ADOPTED)
    items = {one.line: one for one in only(tmp_path).items if one.what == "'same'"}
    assert items[8].reason == "its id 'same' is taken by the function at jobs.py:12; rename one"
    assert items[12].action is Action.REWRITE


def test_the_cases_are_there() -> None:
    assert set(STEPWISE) <= set(names())
