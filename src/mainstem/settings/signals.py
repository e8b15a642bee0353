"""The platforms' own signals: one ordered table, in which the first row with an answer decides.

Order matters in four places. A test run beats the machine that it runs on: CI runners live in
clusters too. A platform's narrower variable comes before its wider one. Other CI services come
after the hosts, whose own builds set `CI` too, and whose apps may hold a variable such as
`JENKINS_URL` as a mere setting. `INNGEST_DEV` comes last, because it says how the SDK should
behave and not where the process is: on a platform that says "production" it is a mistake to
report, not a reason to stop checking signatures.

A host that cannot tell its kinds of deployment apart counts as production, and a name that we do
not know as staging: both ask for keys, so a wrong guess fails at the start and not at night.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mainstem.settings.environment import Environment, is_off, is_on

_Answer = tuple[Environment, str] | None


@dataclass(frozen=True, slots=True)
class Signal:
    """One row: a platform, the variable that shows it, and what it says of the environment.

    `meaning`, `source` (the platform's documentation) and `caveat` (where the row cannot be relied
    on) are for people. `also` names the further variables that the row looks at; without
    `variable` they say nothing.
    """

    platform: str
    variable: str
    decide: Callable[[Mapping[str, str]], tuple[Environment, str] | None]
    meaning: str
    source: str
    caveat: str = ""
    also: tuple[str, ...] = ()


# Read by other systems for the same purpose, and not by us: they say how something was built, or
# are too common a name to mean one thing.
NOT_READ = ("NODE_ENV", "APP_ENV", "ENVIRONMENT", "PYTHON_ENV", "FLASK_ENV", "DJANGO_ENV")

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
# "pr-7", "shop-pr-7", "pr-7-owner-shop", "review-shop": what platforms call a pull request's copy.
_PULL_REQUEST_NUMBER = re.compile(r"(^|[-_/])pr[-_/]?\d+($|[-_/])")
_PULL_REQUEST = re.compile(rf"{_PULL_REQUEST_NUMBER.pattern}|^pr[-_]|^review-")


def _named(
    variable: str, *, development: Environment = Environment.LOCAL
) -> Callable[..., _Answer]:
    """The variable's value names the environment. `development` is what that word means there."""

    def decide(environ: Mapping[str, str]) -> _Answer:
        value = environ[variable].strip().lower()
        if _PULL_REQUEST.search(value):
            return Environment.PREVIEW, f"{variable}={value}"
        found = _NAMED.get(value, Environment.STAGING)
        return development if found is Environment.LOCAL else found, f"{variable}={value}"

    return decide


def _always(environment: Environment, variable: str, *, beside: str = "") -> Callable[..., _Answer]:
    """The variable's presence decides, where `beside` (if any) is set as well."""

    def decide(environ: Mapping[str, str]) -> _Answer:
        if beside and not environ.get(beside, "").strip():
            return None
        return environment, variable

    return decide


def _host(
    variable: str, *, preview_if: str = "", local_if: str = "", test_if: str = ""
) -> Callable[..., _Answer]:
    """A host that runs production, unless another variable shows something else."""

    def decide(environ: Mapping[str, str]) -> _Answer:
        if local_if and is_on(environ.get(local_if)):
            return Environment.LOCAL, local_if
        if test_if and environ.get(test_if, "").strip():
            return Environment.TEST, test_if
        if is_on(environ.get(preview_if)) or environ.get(preview_if, "").isdigit():
            return Environment.PREVIEW, preview_if
        return Environment.PRODUCTION, variable

    return decide


def _vercel(environ: Mapping[str, str]) -> _Answer:
    # A custom environment says "preview" in VERCEL_ENV and its own name in VERCEL_TARGET_ENV.
    target = environ.get("VERCEL_TARGET_ENV", "").strip().lower()
    value = environ["VERCEL_ENV"].strip().lower()
    if value == "preview" and target and target != value:
        return _NAMED.get(target, Environment.STAGING), f"VERCEL_TARGET_ENV={target}"
    return _named("VERCEL_ENV")(environ)


def _netlify(environ: Mapping[str, str]) -> _Answer:
    context = environ.get("CONTEXT", "").strip()
    if not context:
        return Environment.PRODUCTION, "NETLIFY"
    # A branch deploy is named after its branch when the site gives that branch a context.
    return _NAMED.get(context.lower(), Environment.PREVIEW), f"CONTEXT={context}"


def _netlify_function(environ: Mapping[str, str]) -> _Answer:
    beside = all(environ.get(name) for name in ("SITE_NAME", "AWS_LAMBDA_FUNCTION_NAME"))
    return (Environment.PRODUCTION, "SITE_ID") if beside else None


def _fly(environ: Mapping[str, str]) -> _Answer:
    name = environ["FLY_APP_NAME"].strip()
    if _PULL_REQUEST_NUMBER.search(name):
        return Environment.PREVIEW, f"FLY_APP_NAME={name}"
    return Environment.PRODUCTION, "FLY_APP_NAME"


def _azure(variable: str) -> Callable[..., _Answer]:
    def decide(environ: Mapping[str, str]) -> _Answer:
        kind = environ.get("AZURE_FUNCTIONS_ENVIRONMENT", "").strip()
        if kind.lower() in ("development", "staging"):
            return _NAMED[kind.lower()], f"AZURE_FUNCTIONS_ENVIRONMENT={kind}"
        slot = environ.get("WEBSITE_SLOT_NAME", "").strip()
        if slot and slot.lower() != "production":
            return Environment.STAGING, f"WEBSITE_SLOT_NAME={slot}"
        return Environment.PRODUCTION, variable

    return decide


def _inngest_dev(environ: Mapping[str, str]) -> _Answer:
    return (Environment.LOCAL, "INNGEST_DEV") if is_on(environ["INNGEST_DEV"]) else None


def _ci(platform: str, variable: str, source: str, *, beside: str = "", caveat: str = "") -> Signal:
    decide = _always(Environment.TEST, variable, beside=beside)
    meaning = f"test, if `{beside}` is set too" if beside else "test"
    return Signal(platform, variable, decide, meaning, source, caveat)


_DEPLOYS = "A job that deploys or verifies must set MAINSTEM_ENV to the environment that it means."
_ONE_KIND = "Staging and production look the same: set MAINSTEM_ENV in all but production."
_AZURE_SETTINGS = "https://learn.microsoft.com/azure/app-service/reference-app-settings"
_PYTEST = "https://docs.pytest.org/en/stable/reference/reference.html#environment-variables"

SIGNALS: tuple[Signal, ...] = (
    _ci("pytest", "PYTEST_VERSION", _PYTEST, caveat="Set by pytest 8.2 and later."),
    _ci("pytest", "PYTEST_CURRENT_TEST", _PYTEST, caveat="Set while a test runs, not before."),
    _ci(
        "GitHub Actions",
        "GITHUB_ACTIONS",
        "https://docs.github.com/en/actions/reference/workflows-and-actions/variables",
        caveat=_DEPLOYS,
    ),
    Signal(
        "Vercel",
        "VERCEL_ENV",
        _vercel,
        "what it names; a custom environment by `VERCEL_TARGET_ENV`",
        "https://vercel.com/docs/environment-variables/system-environment-variables",
        "Absent where the project does not expose system variables; Vercel then looks like "
        "AWS Lambda, and a preview like production.",
        ("VERCEL_TARGET_ENV",),
    ),
    Signal(
        "Vercel",
        "VERCEL",
        _host("VERCEL"),
        "production",
        "https://vercel.com/docs/environment-variables/system-environment-variables",
    ),
    Signal(
        "Netlify",
        "NETLIFY",
        _netlify,
        "what `CONTEXT` names; a branch's own context is a preview; production without it",
        "https://docs.netlify.com/build/configure-builds/environment-variables/",
        "Set in builds only, not in functions at run time.",
        ("CONTEXT",),
    ),
    Signal(
        "Netlify",
        "NETLIFY_DEV",
        _always(Environment.LOCAL, "NETLIFY_DEV"),
        "local (`netlify dev`)",
        "https://docs.netlify.com/build/configure-builds/environment-variables/",
    ),
    Signal(
        "Netlify Functions",
        "SITE_ID",
        _netlify_function,
        "production, if `SITE_NAME` and `AWS_LAMBDA_FUNCTION_NAME` are set too",
        "https://docs.netlify.com/build/functions/environment-variables/",
        "A deploy preview cannot be told from production at run time: set MAINSTEM_ENV per "
        "deploy context.",
    ),
    Signal(
        "Render",
        "RENDER",
        _host("RENDER", preview_if="IS_PULL_REQUEST"),
        "production; preview if `IS_PULL_REQUEST` is true",
        "https://render.com/docs/environment-variables",
        "Every environment of a project looks like production: set MAINSTEM_ENV in staging.",
        ("IS_PULL_REQUEST",),
    ),
    Signal(
        "Railway",
        "RAILWAY_ENVIRONMENT_NAME",
        # Railway's "development" is a deployed place like any other.
        _named("RAILWAY_ENVIRONMENT_NAME", development=Environment.STAGING),
        "what it names; `…pr-7` is a preview, `development` staging",
        "https://docs.railway.com/reference/variables",
        "`railway run` sets it on your own machine too, along with that environment's keys.",
    ),
    Signal(
        "Fly.io",
        "FLY_APP_NAME",
        _fly,
        "production; preview if the app's name has `pr-7` in it, as those of review apps have",
        "https://fly.io/docs/machines/runtime-environment/",
        _ONE_KIND,
    ),
    Signal(
        "Heroku",
        "DYNO",
        _host("DYNO", preview_if="HEROKU_PR_NUMBER", test_if="HEROKU_TEST_RUN_ID"),
        "production; preview if `HEROKU_PR_NUMBER` is set, test if `HEROKU_TEST_RUN_ID` is",
        "https://devcenter.heroku.com/articles/github-integration-review-apps",
        "The staging app of a pipeline looks like production: set MAINSTEM_ENV there.",
        ("HEROKU_PR_NUMBER", "HEROKU_TEST_RUN_ID"),
    ),
    Signal(
        "Cloud Run",
        "K_SERVICE",
        _host("K_SERVICE"),
        "production",
        "https://cloud.google.com/run/docs/container-contract#env-vars",
        _ONE_KIND,
    ),
    Signal(
        "Cloud Run jobs",
        "CLOUD_RUN_JOB",
        _host("CLOUD_RUN_JOB"),
        "production",
        "https://cloud.google.com/run/docs/container-contract#env-vars",
        _ONE_KIND,
    ),
    Signal(
        "AWS Lambda",
        "AWS_LAMBDA_FUNCTION_NAME",
        _host("AWS_LAMBDA_FUNCTION_NAME", local_if="AWS_SAM_LOCAL"),
        "production; local if `AWS_SAM_LOCAL` is true",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        _ONE_KIND,
        ("AWS_SAM_LOCAL",),
    ),
    Signal(
        "Azure App Service",
        "WEBSITE_SITE_NAME",
        _azure("WEBSITE_SITE_NAME"),
        "production; staging if `WEBSITE_SLOT_NAME` is another slot or "
        "`AZURE_FUNCTIONS_ENVIRONMENT` says so",
        _AZURE_SETTINGS,
        "A slot that serves previews is staging too: set MAINSTEM_ENV as a slot setting.",
        ("WEBSITE_SLOT_NAME", "AZURE_FUNCTIONS_ENVIRONMENT"),
    ),
    Signal(
        "Azure Functions",
        "FUNCTIONS_WORKER_RUNTIME",
        _azure("FUNCTIONS_WORKER_RUNTIME"),
        "production; staging or local if `AZURE_FUNCTIONS_ENVIRONMENT` says so",
        "https://learn.microsoft.com/azure/azure-functions/functions-app-settings",
        "The local tools set it too, with `AZURE_FUNCTIONS_ENVIRONMENT=Development`.",
        ("AZURE_FUNCTIONS_ENVIRONMENT",),
    ),
    Signal(
        "Azure Container Apps",
        "CONTAINER_APP_NAME",
        _host("CONTAINER_APP_NAME"),
        "production",
        "https://learn.microsoft.com/azure/container-apps/environment-variables",
        _ONE_KIND,
    ),
    Signal(
        "DigitalOcean App Platform",
        "DIGITALOCEAN_APP_ID",
        _host("DIGITALOCEAN_APP_ID"),
        "production",
        "https://docs.digitalocean.com/products/app-platform/how-to/use-environment-variables/",
        "The platform sets nothing by itself: bind it to `${APP_ID}` in the app's specification, "
        "or set MAINSTEM_ENV.",
    ),
    Signal(
        "DigitalOcean Functions",
        "__OW_API_HOST",
        _host("__OW_API_HOST"),
        "production",
        "https://github.com/apache/openwhisk/blob/master/docs/actions.md",
        "A variable of OpenWhisk, which the platform runs and does not document itself.",
    ),
    _ci("GitLab CI", "GITLAB_CI", "https://docs.gitlab.com/ci/variables/predefined_variables/"),
    _ci("CircleCI", "CIRCLECI", "https://circleci.com/docs/variables/"),
    _ci(
        "Buildkite",
        "BUILDKITE",
        "https://buildkite.com/docs/pipelines/configure/environment-variables",
    ),
    _ci("Travis CI", "TRAVIS", "https://docs.travis-ci.com/user/environment-variables/"),
    _ci(
        "TeamCity",
        "TEAMCITY_VERSION",
        "https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html",
    ),
    _ci(
        "Azure Pipelines",
        "TF_BUILD",
        "https://learn.microsoft.com/azure/devops/pipelines/build/variables",
    ),
    _ci(
        "Bitbucket Pipelines",
        "BITBUCKET_BUILD_NUMBER",
        "https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/",
    ),
    _ci(
        "AWS CodeBuild",
        "CODEBUILD_BUILD_ID",
        "https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html",
    ),
    _ci(
        "Jenkins",
        "JENKINS_URL",
        "https://www.jenkins.io/doc/book/pipeline/jenkinsfile/",
        beside="BUILD_ID",
        caveat="Alone it may be an app's setting, so it says nothing.",
    ),
    _ci(
        "a CI service",
        "CI",
        "https://docs.gitlab.com/ci/variables/predefined_variables/",
        caveat=_DEPLOYS,
    ),
    Signal(
        "Kubernetes",
        "KUBERNETES_SERVICE_HOST",
        _host("KUBERNETES_SERVICE_HOST"),
        "production",
        "https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables",
        _ONE_KIND,
    ),
    Signal(
        "the SDK's dev mode",
        "INNGEST_DEV",
        _inngest_dev,
        "local, if it says yes or is an address",
        "https://www.inngest.com/docs/reference/python/overview/env-vars",
        "It says how the SDK behaves, not where the process is; so it comes last.",
    ),
)


def is_said(signal: Signal, environ: Mapping[str, str]) -> bool:
    """Whether the row's variable is set to something, and not to a plain no."""
    value = environ.get(signal.variable, "").strip()
    return bool(value) and not is_off(value)
