"""What `mainstem simulate` offers beside a repository: shapes, and how the server behaves."""

from typer.testing import CliRunner

from mainstem.cli.app import app
from mainstem.cli.simulate import serving_options


def test_unknown_shape_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["simulate", "--generate", "1", "--shape", "round"])
    assert result.exit_code != 0
    told = result.stderr or str(result.exception)
    assert "Cannot generate a repository of shape 'round'. Take one of lifelike" in told


def test_server_is_ample_unless_told_to_be_strict() -> None:
    ample, strict = [serving_options(0, None, strict=on) for on in (False, True)]
    assert ample.core_per_hour > 100_000
    assert (ample.secondary, ample.compute) == (None, None)
    assert (strict.core_per_hour, strict.graphql_per_hour, strict.anonymous_per_hour) == (
        5_000,
        5_000,
        60,
    )
    assert strict.secondary is not None
    assert strict.compute is not None
    assert strict.tokens is None


def test_latency_and_widest_page_are_passed_on() -> None:
    options = serving_options(0.05, 25, strict=False)
    assert (options.latency_seconds, options.widest_page) == (0.05, 25)
