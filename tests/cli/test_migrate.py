"""`mainstem migrate`: what it prints, what it writes, what it leaves alone."""

import json
import sys
from pathlib import Path
from unittest import mock

import pytest

from .shell import Done, call

JOBS = '''"""Jobs."""

import inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="pack", trigger=inngest.TriggerEvent(event="order/paid"))
async def pack(ctx: inngest.Context) -> None: ...


async def tell(other) -> None:
    await client.send(inngest.Event(name="order/paid"))
'''
REFUSED = """import inngest
from jobs import client


def make(name):
    for each in (1, 2):

        @client.create_function(fn_id=name, trigger=inngest.TriggerEvent(event=name))
        async def inner(ctx): ...

    return inner
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def migrate(folder: Path, *words: str, code: int = 0) -> Done:
    done = call(folder, "migrate", *words)
    assert done.returncode == code, done.stderr
    return done


def test_the_plan_names_file_and_line_and_what_becomes_of_each(shop: Path) -> None:
    lines = migrate(shop, ".").stdout.splitlines()
    assert lines[:3] == [
        "jobs.py:5: client `client` (app 'shop') goes: nothing needs it any more",
        "jobs.py:9: function 'pack' becomes a definition",
        "jobs.py:13: send `client.send` becomes `current_client().send`",
    ]


def test_the_plan_says_what_settings_must_say(shop: Path) -> None:
    assert "  - MAINSTEM_APP_ID=shop" in migrate(shop, ".").stdout.splitlines()


def test_a_plan_changes_nothing(shop: Path) -> None:
    before = files(shop)
    done = migrate(shop, ".")
    assert files(shop) == before
    assert "Nothing was changed; --write does it." in done.stdout


def test_write_rewrites_and_makes_the_catalogue(shop: Path) -> None:
    done = migrate(shop, ".", "--write")
    assert "3 to rewrite, 0 adopted, 0 refused; 2 files written." in done.stdout
    assert "@sdk_function(fn_id=" in (shop / "jobs.py").read_text(encoding="utf-8")
    assert "catalog = Catalog([pack])" in (shop / "inngest_catalog.py").read_text(encoding="utf-8")


def test_a_second_run_finds_nothing(shop: Path) -> None:
    migrate(shop, ".", "--write")
    before = files(shop)
    assert migrate(shop, ".", "--write").stdout == "Nothing is left to migrate.\n"
    assert files(shop) == before


def test_check_fails_while_something_is_left_and_lists_it(shop: Path) -> None:
    assert "jobs.py:9: function 'pack'" in migrate(shop, ".", "--check", code=1).stdout
    migrate(shop, ".", "--write")
    migrate(shop, ".", "--check")


def test_check_fails_for_what_is_refused(shop: Path) -> None:
    (shop / "made.py").write_text(REFUSED, encoding="utf-8")
    migrate(shop, ".", "--write")
    done = migrate(shop, ".", "--check", code=1)
    assert "made.py:9: function `inner` stays: it is made inside `make`" in done.stdout
    assert (shop / "made.py").read_text(encoding="utf-8") == REFUSED


TWO_APPS = """import inngest

one = inngest.Inngest(app_id="one")
two = inngest.Inngest(app_id="two")


@one.create_function(fn_id="a", trigger=inngest.TriggerEvent(event="e/a"))
async def a(ctx: inngest.Context) -> None: ...


@two.create_function(fn_id="b", trigger=inngest.TriggerEvent(event="e/b"))
async def b(ctx: inngest.Context) -> None: ...


PAGE = "/functions/two-b"
"""


def test_what_is_left_to_hands_is_marked_and_fails_the_check_until_somebody_has_looked(
    tmp_path: Path,
) -> None:
    file = tmp_path / "jobs.py"
    file.write_text(TWO_APPS, encoding="utf-8")
    done = migrate(tmp_path, ".", "--write")
    assert "jobs.py:15: name 'two-b' is to be looked at by hand: it is called" in done.stdout
    assert "4 to rewrite, 0 adopted, 0 refused, 1 by hand; 2 files written." in done.stdout
    text = file.read_text(encoding="utf-8")
    assert "# mainstem: by hand: 'two-b'\nPAGE =" in text
    assert "'two-b' is to be looked at by hand" in migrate(tmp_path, ".", "--check", code=1).stdout
    file.write_text(text.replace("by hand: 'two-b'", "migrated"), encoding="utf-8")
    migrate(tmp_path, ".", "--check")


def test_one_function_is_rewritten_and_the_others_are_adopted(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(TWO_APPS, encoding="utf-8")
    done = migrate(tmp_path, ".", "--write", "--only", "a")
    assert "function 'a' becomes a definition" in done.stdout
    assert "function 'b' stays, adopted by the catalogue: it is left for later" in done.stdout
    catalogue = (tmp_path / "inngest_catalog.py").read_text(encoding="utf-8")
    assert "        a,\n        adopt(b),\n" in catalogue


def test_an_app_id_that_cannot_be_read_is_told_by_its_client(tmp_path: Path) -> None:
    text = TWO_APPS.replace('app_id="one"', "app_id=NAME")
    (tmp_path / "jobs.py").write_text("from names import NAME\n" + text, encoding="utf-8")
    told = migrate(tmp_path, ".").stdout
    assert "  - MAINSTEM_APP_ID: one of `NAME` (of `jobs.one`), 'two'\n" in told
    assert "  - The app ids `NAME` (of `jobs.one`), 'two' become one, the settings'" in told
    (tmp_path / "jobs.py").write_text(JOBS.replace('"shop"', "NAME"), encoding="utf-8")
    told = migrate(tmp_path, ".").stdout
    assert (
        "  - MAINSTEM_APP_ID: the value of `NAME` (of `jobs.client`), which reading cannot tell"
        in told
    )
    assert "become one" not in told


def test_a_serve_call_is_named_as_what_it_is(tmp_path: Path) -> None:
    served = "import inngest.flask\nfrom jobs import client, pack\n\n"
    served += "inngest.flask.serve(app, client, [pack])\n"
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    (tmp_path / "web.py").write_text(served, encoding="utf-8")
    assert "web.py:4: flask serve call becomes `mainstem" in migrate(tmp_path, ".").stdout


def test_an_id_that_no_function_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(TWO_APPS, encoding="utf-8")
    done = migrate(tmp_path, ".", "--only", "c", code=1)
    assert "Cannot migrate 'c': no function to migrate has that id." in done.stderr


MADE = """import inngest

client = inngest.Inngest(app_id="shop")


def job(name):
    return client.create_function(fn_id=name, trigger=inngest.TriggerEvent(event=name))


@job("a")
async def a(ctx: inngest.Context) -> None: ...
"""


def test_a_maker_becomes_a_maker_of_definitions(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(MADE, encoding="utf-8")
    assert "maker `job` becomes a maker of definitions" in migrate(tmp_path, ".").stdout


def test_json_holds_the_whole_plan(shop: Path) -> None:
    plan = json.loads(migrate(shop, ".", "--json").stdout)
    assert plan["clean"] is False
    assert plan["written"] is False
    assert plan["catalog"] == "inngest_catalog:catalog"
    assert plan["settings"] == ["MAINSTEM_APP_ID=shop"]
    assert [path.rpartition("/")[2] for path in plan["files"]] == ["inngest_catalog.py", "jobs.py"]
    assert plan["items"][1] == {
        "file": "jobs.py",
        "line": 9,
        "kind": "function",
        "what": "'pack'",
        "action": "rewrite",
        "becomes": "a definition",
        "reason": None,
    }


def test_the_catalogues_module_may_have_another_name(shop: Path) -> None:
    migrate(shop, ".", "--write", "--catalog-module", "definitions")
    assert sorted(files(shop)) == ["definitions.py", "jobs.py"]


def test_a_module_of_that_name_is_not_overwritten(shop: Path) -> None:
    (shop / "inngest_catalog.py").write_text("X = 1\n", encoding="utf-8")
    done = migrate(shop, ".", "--write", code=1)
    assert "another module has that name. Choose one with --catalog-module." in done.stderr
    assert (shop / "jobs.py").read_text(encoding="utf-8") == JOBS


def test_a_file_that_does_not_parse_is_reported_and_left(shop: Path) -> None:
    (shop / "broken.py").write_text("import inngest\ndef (:\n", encoding="utf-8")
    done = migrate(shop, ".", "--write")
    assert "broken.py: not Python that can be read: invalid syntax (line 2). Left." in done.stdout
    assert (shop / "broken.py").read_text(encoding="utf-8") == "import inngest\ndef (:\n"
    assert "broken.py" in migrate(shop, ".", "--check", code=1).stdout


def test_a_file_that_only_python_can_read_is_reported_and_the_others_are_planned(
    shop: Path,
) -> None:
    mixed = "import inngest\nfrom jobs import pack\nif True:\n    def told():\n\t    return pack\n"
    (shop / "mixed.py").write_text(mixed, encoding="utf-8")
    (shop / "more.py").write_text(JOBS.replace("pack", "more"), encoding="utf-8")
    done = migrate(shop, ".", "--write")
    assert "mixed.py: not Python that can be read: libcst: tokenizer error: " in done.stdout
    assert "more.py:9: function 'more' becomes a definition\n" in done.stdout
    assert "function 'pack' stays, adopted by the catalogue: mixed.py, which cannot" in done.stdout
    assert (shop / "mixed.py").read_text(encoding="utf-8") == mixed
    assert "mixed.py" in migrate(shop, ".", "--check", code=1).stdout


def test_an_unreadable_file_without_the_sdk_fails_no_check(shop: Path) -> None:
    (shop / "broken.py").write_text("def (:\n", encoding="utf-8")
    migrate(shop, ".", "--write")
    assert "broken.py" in migrate(shop, ".", "--check").stdout


def test_other_files_and_hidden_folders_are_not_touched(shop: Path) -> None:
    for name in ("jobs.txt", ".venv/jobs.py", "node_modules/jobs.py", "own/pyvenv.cfg", "own/a.py"):
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text(JOBS, encoding="utf-8")
    migrate(shop, ".", "--write")
    untouched = [name for name, data in files(shop).items() if data == JOBS.encode()]
    assert len(untouched) == 5


@pytest.mark.parametrize(
    "encoded",
    [
        JOBS.replace("\n", "\r\n").encode(),
        JOBS.replace("    await", "\tawait").encode(),
        b"\xef\xbb\xbf" + JOBS.encode(),
        b"# -*- coding: latin-1 -*-\n" + JOBS.replace("Jobs", "Fähre").encode("latin-1"),
        JOBS.rstrip("\n").encode(),
    ],
    ids=["CRLF", "tabs", "byte-order-mark", "latin-1", "no-newline-at-the-end"],
)
def test_line_ends_indents_and_encoding_stay(shop: Path, encoded: bytes) -> None:
    (shop / "jobs.py").write_bytes(encoded)
    migrate(shop, ".", "--write")
    written = (shop / "jobs.py").read_bytes()
    lines = written.splitlines(keepends=True)
    unchanged = [line for line in encoded.splitlines(keepends=True) if b"client" not in line]
    assert [line for line in unchanged if line.strip() and line not in lines] == []
    assert (b"\r\n" in written) == (b"\r\n" in encoded)
    assert b"\n" not in written.replace(b"\r\n", b"") or b"\r\n" not in encoded


def test_the_permissions_of_a_file_stay(shop: Path) -> None:
    (shop / "jobs.py").chmod(0o750)
    migrate(shop, ".", "--write")
    assert (shop / "jobs.py").stat().st_mode & 0o777 == 0o750


def test_a_single_file_may_be_named(shop: Path) -> None:
    migrate(shop, "jobs.py", "--write")
    assert "sdk_function" in (shop / "jobs.py").read_text(encoding="utf-8")


def test_a_path_that_is_not_there_is_told(shop: Path) -> None:
    done = migrate(shop, "nowhere", code=1)
    assert "Cannot migrate nowhere: there is no such file or folder." in done.stderr


def test_a_name_that_is_no_module_is_told(shop: Path) -> None:
    done = migrate(shop, ".", "--catalog-module", "a-b", code=1)
    assert "expected a plain module name such as 'inngest_catalog'" in done.stderr


def test_write_and_check_do_not_go_together(shop: Path) -> None:
    done = migrate(shop, ".", "--write", "--check", code=2)
    assert "--write and --check do not go together" in done.stderr
    assert (shop / "jobs.py").read_text(encoding="utf-8") == JOBS


def test_without_libcst_it_says_how_to_install_it(shop: Path) -> None:
    ours = [name for name in sys.modules if name.startswith("mainstem.migrate.")]
    missing = {name: None for name in sys.modules if name.partition(".")[0] == "libcst"}
    with mock.patch.dict(sys.modules, {**missing, "libcst": None}):
        for name in ours:
            if name not in {"mainstem.migrate.door", "mainstem.migrate.plan"}:
                del sys.modules[name]
        done = call(shop, "migrate", ".")
    assert done.returncode == 1
    assert "pip install 'mainstem[migrate]'" in done.stderr
