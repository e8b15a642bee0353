"""Which environment this process is in: one ordered table of the platforms' own signals.

The first row that has an answer decides. Order matters in three places. `MAINSTEM_ENV` beats all.
A test run beats the machine that it runs on: CI runners live in clusters too. `INNGEST_DEV` comes
last, because it says how the SDK should behave and not where the process is: on a platform that
says "production" it is a mistake to report, not a reason to stop checking signatures.

Nothing set means local. A platform that names an environment we do not know means staging, which
asks for keys: the guess that fails at start-up, not at night.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mainstem.errors import Problem

OVERRIDE = "MAINSTEM_ENV"
_TRUE = ("1", "true", "yes", "on")


class Environment(StrEnum):
    """Where a process runs. Preview, staging and production check signatures and need keys."""

    LOCAL = "local"
    TEST = "test"
    PREVIEW = "preview"
    STAGING = "staging"
    PRODUCTION = "production"

    @property
    def is_development(self) -> bool:
        """Whether the SDK talks to a development server here, without keys."""
        return self in (Environment.LOCAL, Environment.TEST)


@dataclass(frozen=True, slots=True)
class Signal:
    """One row: a platform, the variable that shows it, and what it says of the environment."""

    platform: str
    variable: str
    decide: Callable[[Mapping[str, str]], tuple[Environment, str] | None]


@dataclass(frozen=True, slots=True)
class Detected:
    """The environment, the variable that decided, and the signals that were there and lost."""

    environment: Environment
    decided_by: str
    lost: tuple[str, ...] = ()


_NAMED = {
    "production": Environment.PRODUCTION,
    "prod": Environment.PRODUCTION,
    "staging": Environment.STAGING,
    "preview": Environment.PREVIEW,
    "deploy-preview": Environment.PREVIEW,
    "branch-deploy": Environment.PREVIEW,
    "development": Environment.LOCAL,
    "dev": Environment.LOCAL,
    "local": Environment.LOCAL,
    "test": Environment.TEST,
}


def _always(environment: Environment, variable: str) -> Signal:
    """The variable's presence alone decides."""
    return Signal(
        platform=_PLATFORMS[variable],
        variable=variable,
        decide=lambda _environ: (environment, variable),
    )


def _named(variable: str, *, development: Environment = Environment.LOCAL) -> Signal:
    """The variable's value names the environment. `development` is what that word means there."""

    def decide(environ: Mapping[str, str]) -> tuple[Environment, str]:
        value = environ[variable].strip().lower()
        if value.startswith(("pr-", "pr_", "review-")):
            return Environment.PREVIEW, f"{variable}={value}"
        found = _NAMED.get(value, Environment.STAGING)
        found = development if found is Environment.LOCAL else found
        return found, f"{variable}={value}"

    return Signal(platform=_PLATFORMS[variable], variable=variable, decide=decide)


def _host(variable: str, *preview_if: str, local_if: str = "") -> Signal:
    """A host that runs production, unless another variable shows a preview or an emulator."""

    def decide(environ: Mapping[str, str]) -> tuple[Environment, str]:
        if local_if and is_on(environ.get(local_if)):
            return Environment.LOCAL, local_if
        for name in preview_if:
            if is_on(environ.get(name)) or environ.get(name, "").isdigit():
                return Environment.PREVIEW, name
        return Environment.PRODUCTION, variable

    return Signal(platform=_PLATFORMS[variable], variable=variable, decide=decide)


def _netlify(environ: Mapping[str, str]) -> tuple[Environment, str]:
    context = environ.get("CONTEXT", "").strip()
    if not context:
        return Environment.PRODUCTION, "NETLIFY"
    # A branch deploy is named after its branch when the site gives that branch a context.
    return _NAMED.get(context.lower(), Environment.PREVIEW), f"CONTEXT={context}"


def _azure(environ: Mapping[str, str]) -> tuple[Environment, str]:
    if environ.get("AZURE_FUNCTIONS_ENVIRONMENT", "").strip().lower() == "development":
        return Environment.LOCAL, "AZURE_FUNCTIONS_ENVIRONMENT=Development"
    slot = environ.get("WEBSITE_SLOT_NAME", "").strip()
    if slot and slot.lower() != "production":
        return Environment.STAGING, f"WEBSITE_SLOT_NAME={slot}"
    return Environment.PRODUCTION, "WEBSITE_SITE_NAME"


def _inngest_dev(environ: Mapping[str, str]) -> tuple[Environment, str] | None:
    return (Environment.LOCAL, "INNGEST_DEV") if is_on(environ["INNGEST_DEV"]) else None


_PLATFORMS = {
    "PYTEST_VERSION": "pytest",
    "PYTEST_CURRENT_TEST": "pytest",
    "GITHUB_ACTIONS": "GitHub Actions",
    "VERCEL_ENV": "Vercel",
    "VERCEL": "Vercel",
    "RENDER": "Render",
    "RAILWAY_ENVIRONMENT_NAME": "Railway",
    "FLY_APP_NAME": "Fly.io",
    "DYNO": "Heroku",
    "K_SERVICE": "Cloud Run",
    "AWS_LAMBDA_FUNCTION_NAME": "AWS Lambda",
    "CI": "a CI service",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
}

SIGNALS: tuple[Signal, ...] = (
    _always(Environment.TEST, "PYTEST_VERSION"),
    _always(Environment.TEST, "PYTEST_CURRENT_TEST"),
    _always(Environment.TEST, "GITHUB_ACTIONS"),
    # https://vercel.com/docs/environment-variables/system-environment-variables
    _named("VERCEL_ENV"),
    _host("VERCEL"),
    # https://docs.netlify.com/configure-builds/environment-variables/
    Signal("Netlify", "NETLIFY", _netlify),
    # https://render.com/docs/environment-variables
    _host("RENDER", "IS_PULL_REQUEST"),
    # Railway's "development" is a deployed place like any other.
    # https://docs.railway.com/reference/variables
    _named("RAILWAY_ENVIRONMENT_NAME", development=Environment.STAGING),
    # https://fly.io/docs/machines/runtime-environment/
    _host("FLY_APP_NAME"),
    # https://devcenter.heroku.com/articles/github-integration-review-apps
    _host("DYNO", "HEROKU_PR_NUMBER"),
    # https://cloud.google.com/run/docs/container-contract#env-vars
    _host("K_SERVICE"),
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    _host("AWS_LAMBDA_FUNCTION_NAME", local_if="AWS_SAM_LOCAL"),
    # https://learn.microsoft.com/azure/app-service/reference-app-settings
    Signal("Azure", "WEBSITE_SITE_NAME", _azure),
    # After the hosts, whose own builds set it too; before the cluster that a runner may be in.
    _always(Environment.TEST, "CI"),
    _host("KUBERNETES_SERVICE_HOST"),
    Signal("the SDK's dev mode", "INNGEST_DEV", _inngest_dev),
)


def detect(environ: Mapping[str, str]) -> tuple[Detected, Problem | None]:
    """The environment that `environ` shows, and what is wrong with an explicit choice, if any."""
    answers = [
        answer
        for signal in SIGNALS
        if environ.get(signal.variable, "").strip() and (answer := signal.decide(environ))
    ]
    told = tuple(by for _, by in answers)
    chosen = environ.get(OVERRIDE, "").strip()
    if chosen:
        try:
            return Detected(Environment(chosen.lower()), OVERRIDE, told), None
        except ValueError:
            # The strictest is assumed, so that no key problem hides behind this one.
            return Detected(Environment.PRODUCTION, OVERRIDE, told), _unknown(chosen)
    if not answers:
        return Detected(Environment.LOCAL, "default"), None
    return Detected(*answers[0], told[1:]), None


def is_on(value: str | None) -> bool:
    """Whether a variable's value says yes; the SDK's rule, by which a URL is a yes too."""
    text = (value or "").strip().lower()
    return text in _TRUE or "://" in text


def _unknown(value: str) -> Problem:
    near = difflib.get_close_matches(value.lower(), list(Environment), n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return Problem(
        OVERRIDE,
        f"'{value}' is no environment",
        f"{hint}Set it to one of: {', '.join(Environment)}.",
    )
