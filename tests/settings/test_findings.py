"""How the settings came about is told without reading anything a second time."""

from pathlib import Path

from mainstem.settings import VARIABLES, examine_settings


def test_each_setting_says_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MAINSTEM_APP_ID=shop\nPORT=1\n")
    found = examine_settings(
        {"PORT": "9", "DATABASE_URL": "sqlite:///x.db", "INNGEST_DEV": "http://127.0.0.1:1"},
        env_file=file,
        log_level="DEBUG",
    )
    assert set(found.sources) == set(VARIABLES)
    told = ("app_id", "serve_port", "database_url", "log_level", "status_page", "strict",
            "inngest_base_url")  # fmt: skip
    assert [found.sources[name] for name in told] == [
        "MAINSTEM_APP_ID in .env",
        "PORT",
        "DATABASE_URL",
        "argument",
        "policy",
        "default",
        "INNGEST_DEV",
    ]


def test_with_a_problem_there_are_no_settings_and_everything_else() -> None:
    found = examine_settings({"RENDER": "true", "CI": "1", "PORT": "x"})
    assert found.settings is None
    assert {problem.variable for problem in found.problems} == {
        "PORT", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY",
    }  # fmt: skip
    assert (found.detected.platform, found.policy.environment) == ("Render", "production")
    assert [one.variable for one in found.detected.lost] == ["CI"]


def test_an_argument_that_decides_leaves_the_signals_as_lost() -> None:
    found = examine_settings({"RENDER": "true"}, environment="test")
    assert (found.detected.environment, found.detected.decided_by) == ("test", "argument")
    assert [one.variable for one in found.detected.lost] == ["RENDER"]
