"""`mainstem check` holds a catalogue to what was reviewed, sent, deployed and written."""

import json
from pathlib import Path
from typing import Any

import pytest

from .shell import Done, call
from .shopfront import SOURCE, written

HERE = {"MAINSTEM_ENV": "test", "MAINSTEM_APP_ID": "shop"}
RENAMED = ('id="send-receipt"', 'id="mail-receipt"')


def _check(folder: Path, catalog: str, *words: str, **more: str) -> Done:
    return call(folder, "check", "--catalog", catalog, *words, **{**HERE, **more})


def _codes(folder: Path, catalog: str, *words: str, **more: str) -> list[tuple[str, str]]:
    told: Any = json.loads(_check(folder, catalog, "--json", *words, **more).stdout)
    return [(one["code"], one["subject"]) for one in told["findings"]]


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """A folder with the shop's reviewed manifest."""
    file = "mainstem.manifest.json"
    call(tmp_path, "manifest", "--catalog", written(tmp_path), "--write", file, **HERE)
    return tmp_path


def test_a_catalogue_that_is_as_reviewed_passes(reviewed: Path) -> None:
    done = _check(reviewed, written(reviewed))
    assert done.returncode == 0
    assert "mainstem.manifest.json, no changes" in done.stdout
    assert "Nothing stands against it." in done.stdout


def test_a_rename_fails_and_says_how_to_keep_runs_alive(reviewed: Path) -> None:
    done = _check(reviewed, written(reviewed, RENAMED))
    assert done.returncode == 1
    assert "probable-rename  send-receipt" in done.stdout
    assert 'previous_ids=("send-receipt",)' in " ".join(done.stdout.split())


def test_a_rename_that_keeps_the_old_id_passes(reviewed: Path) -> None:
    kept = ('id="send-receipt"', 'id="mail-receipt", previous_ids=("send-receipt",)')
    assert _check(reviewed, written(reviewed, kept)).returncode == 0


def test_without_a_manifest_it_warns_and_passes(tmp_path: Path) -> None:
    assert _codes(tmp_path, written(tmp_path)) == [("no-manifest", "mainstem.manifest.json")]
    assert _check(tmp_path, written(tmp_path)).returncode == 0


def test_strict_fails_on_warnings(tmp_path: Path) -> None:
    assert _check(tmp_path, written(tmp_path), "--strict").returncode == 1


def test_an_event_that_nobody_handles_fails(reviewed: Path) -> None:
    unheard = written(reviewed, ("Catalog([send_receipt, send_bill, ", "Catalog([send_receipt, "))
    assert ("event-unhandled", "shop/paid") in _codes(reviewed, unheard)


def test_anothers_manifest_feeds_a_function(reviewed: Path) -> None:
    (reviewed / "mainstem.manifest.json").rename(reviewed / "others.json")
    alone = written(reviewed, ("[send_receipt, send_bill, tidy_up]", "[send_bill]"))
    assert ("function-unfed", "send-bill") in _codes(reviewed, alone)
    assert ("function-unfed", "send-bill") not in _codes(
        reviewed, alone, "--senders", "others.json"
    )


def test_parts_must_cover_everything_once(reviewed: Path) -> None:
    catalog = written(reviewed)
    assert _codes(reviewed, catalog, "--part", "group=mail", "--part", "group=night") == []
    assert _codes(reviewed, catalog, "--part", "group=mail", "--part", "tag=light") == [
        ("served-twice", "send-bill"),
        ("served-nowhere", "tidy-up"),
    ]


def test_a_part_can_be_a_deployments_variables(reviewed: Path) -> None:
    (reviewed / "night.env").write_text("MAINSTEM_SERVE_GROUPS=night\n")
    words = ("--part", "group=mail", "--part", "@night.env")
    assert _codes(reviewed, written(reviewed), *words) == []


@pytest.mark.parametrize(
    ("part", "code", "said"),
    [
        ("mail", 2, "Write for example group="),
        ("group=mial", 2, "Did you mean 'mail'?"),
        ("@gone.env", 2, "there is no file gone.env"),
    ],
)
def test_what_is_no_part_is_refused(reviewed: Path, part: str, code: int, said: str) -> None:
    done = _check(reviewed, written(reviewed), "--part", part)
    assert done.returncode == code
    assert said in done.stderr


ADOPTED = (
    "catalog = Catalog([send_receipt,",
    """import inngest
from mainstem.catalog import adopt

client = inngest.Inngest(app_id="shop", is_production=False, event_key="x")

@client.create_function(fn_id="old", trigger=inngest.TriggerCron(cron="0 1 * * *"))
async def old(ctx):
    pass

catalog = Catalog([adopt(old), send_receipt,""",
)


def test_strict_mode_refuses_adopted_functions(reviewed: Path) -> None:
    catalog = written(reviewed, ADOPTED)
    assert ("adopted", "old") not in _codes(reviewed, catalog, "--no-lint")
    assert ("adopted", "old") in _codes(reviewed, catalog, "--no-lint", MAINSTEM_STRICT="1")


LOST = (
    '    """Tidy up."""',
    """    found = []

    async def look() -> None:
        found.append(1)

    await run.step("look", look)
    return len(found)""",
)


def test_mistakes_that_the_source_shows_are_found_with_their_place(reviewed: Path) -> None:
    catalog = written(reviewed, LOST)
    lint = [(code, subject) for code, subject in _codes(reviewed, catalog) if "lint" in code]
    assert lint == [("lint/outer-assignment-in-step", "tidy-up")]
    file = catalog.partition(":")[0]
    assert f"{file}.py:" in _check(reviewed, catalog).stdout
    assert _codes(reviewed, catalog, "--no-lint") == []


def test_our_own_functions_pass_strictly() -> None:
    done = call(Path(__file__).parents[2], "check", "--strict", MAINSTEM_ENV="test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shop_of_these_tests_is_as_it_is_read() -> None:
    assert SOURCE.count("@define") == 3


def test_a_function_that_moves_to_another_part_fails(reviewed: Path) -> None:
    moved = written(reviewed, ('id="send-bill", on=event(Paid), group="mail"',
                               'id="send-bill", on=event(Paid), group="night"'))  # fmt: skip
    words = ("--part", "group=mail", "--part", "group=night")
    assert ("part-changed", "send-bill") in _codes(reviewed, moved, *words)
    assert _check(reviewed, moved, *words).returncode == 1
