"""The environment is decided by one ordered table, and says which variable decided."""

import pytest

from mainstem.catalog import ENVIRONMENTS
from mainstem.settings import SIGNALS, Environment, detect

LOCAL, TEST, PREVIEW, STAGING, PRODUCTION = Environment


@pytest.mark.parametrize(
    ("environ", "environment", "decided_by"),
    [
        ({}, LOCAL, "default"),
        ({"MAINSTEM_ENV": " "}, LOCAL, "default"),
        ({"MAINSTEM_ENV": "Production", "VERCEL_ENV": "preview"}, PRODUCTION, "MAINSTEM_ENV"),
        ({"INNGEST_DEV": "1"}, LOCAL, "INNGEST_DEV"),
        ({"INNGEST_DEV": "http://127.0.0.1:8288"}, LOCAL, "INNGEST_DEV"),
        ({"INNGEST_DEV": "0"}, LOCAL, "default"),
        ({"PYTEST_VERSION": "8", "CI": "true"}, TEST, "PYTEST_VERSION"),
        ({"GITHUB_ACTIONS": "true", "KUBERNETES_SERVICE_HOST": "x"}, TEST, "GITHUB_ACTIONS"),
        ({"CI": "true", "KUBERNETES_SERVICE_HOST": "x"}, TEST, "CI"),
        ({"VERCEL_ENV": "production", "CI": "1"}, PRODUCTION, "VERCEL_ENV=production"),
        ({"VERCEL_ENV": "preview", "VERCEL": "1"}, PREVIEW, "VERCEL_ENV=preview"),
        ({"VERCEL_ENV": "development"}, LOCAL, "VERCEL_ENV=development"),
        ({"VERCEL_ENV": "blue"}, STAGING, "VERCEL_ENV=blue"),
        ({"VERCEL": "1"}, PRODUCTION, "VERCEL"),
        ({"CONTEXT": "production"}, LOCAL, "default"),
        ({"NETLIFY": "true"}, PRODUCTION, "NETLIFY"),
        ({"NETLIFY": "true", "CONTEXT": "production"}, PRODUCTION, "CONTEXT=production"),
        ({"NETLIFY": "true", "CONTEXT": "deploy-preview"}, PREVIEW, "CONTEXT=deploy-preview"),
        ({"NETLIFY": "true", "CONTEXT": "my-branch"}, PREVIEW, "CONTEXT=my-branch"),
        ({"NETLIFY": "true", "CONTEXT": "dev"}, LOCAL, "CONTEXT=dev"),
        ({"RENDER": "true", "IS_PULL_REQUEST": "false"}, PRODUCTION, "RENDER"),
        ({"RENDER": "true", "IS_PULL_REQUEST": "true"}, PREVIEW, "IS_PULL_REQUEST"),
        ({"RAILWAY_ENVIRONMENT_NAME": "pr-7"}, PREVIEW, "RAILWAY_ENVIRONMENT_NAME=pr-7"),
        ({"RAILWAY_ENVIRONMENT_NAME": "development"}, STAGING,
         "RAILWAY_ENVIRONMENT_NAME=development"),
        ({"FLY_APP_NAME": "x"}, PRODUCTION, "FLY_APP_NAME"),
        ({"DYNO": "web.1"}, PRODUCTION, "DYNO"),
        ({"DYNO": "web.1", "HEROKU_PR_NUMBER": "12"}, PREVIEW, "HEROKU_PR_NUMBER"),
        ({"K_SERVICE": "x"}, PRODUCTION, "K_SERVICE"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "x"}, PRODUCTION, "AWS_LAMBDA_FUNCTION_NAME"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "x", "AWS_SAM_LOCAL": "true"}, LOCAL, "AWS_SAM_LOCAL"),
        ({"WEBSITE_SITE_NAME": "x"}, PRODUCTION, "WEBSITE_SITE_NAME"),
        ({"WEBSITE_SITE_NAME": "x", "WEBSITE_SLOT_NAME": "blue"}, STAGING,
         "WEBSITE_SLOT_NAME=blue"),
        ({"WEBSITE_SITE_NAME": "x", "WEBSITE_SLOT_NAME": "Production"}, PRODUCTION,
         "WEBSITE_SITE_NAME"),
        ({"WEBSITE_SITE_NAME": "x", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}, LOCAL,
         "AZURE_FUNCTIONS_ENVIRONMENT=Development"),
        ({"CI": "false"}, LOCAL, "default"),
        ({"VERCEL_ENV": "preview", "VERCEL_TARGET_ENV": "staging"}, STAGING,
         "VERCEL_TARGET_ENV=staging"),
        ({"VERCEL_ENV": "preview", "VERCEL_TARGET_ENV": "qa"}, STAGING, "VERCEL_TARGET_ENV=qa"),
        ({"VERCEL_ENV": "production", "VERCEL_TARGET_ENV": "production"}, PRODUCTION,
         "VERCEL_ENV=production"),
        ({"NETLIFY_DEV": "true"}, LOCAL, "NETLIFY_DEV"),
        ({"SITE_ID": "1", "SITE_NAME": "x", "AWS_LAMBDA_FUNCTION_NAME": "y"}, PRODUCTION,
         "SITE_ID"),
        ({"RAILWAY_ENVIRONMENT_NAME": "shop-pr-12"}, PREVIEW,
         "RAILWAY_ENVIRONMENT_NAME=shop-pr-12"),
        ({"RAILWAY_ENVIRONMENT_NAME": "production"}, PRODUCTION,
         "RAILWAY_ENVIRONMENT_NAME=production"),
        ({"FLY_APP_NAME": "pr-12-ada-shop"}, PREVIEW, "FLY_APP_NAME=pr-12-ada-shop"),
        ({"FLY_APP_NAME": "shop-pr-12"}, PREVIEW, "FLY_APP_NAME=shop-pr-12"),
        ({"FLY_APP_NAME": "pr-agency"}, PRODUCTION, "FLY_APP_NAME"),
        ({"DYNO": "web.1", "HEROKU_TEST_RUN_ID": "1", "CI": "true"}, TEST, "HEROKU_TEST_RUN_ID"),
        ({"CLOUD_RUN_JOB": "x"}, PRODUCTION, "CLOUD_RUN_JOB"),
        ({"FUNCTIONS_WORKER_RUNTIME": "python"}, PRODUCTION, "FUNCTIONS_WORKER_RUNTIME"),
        ({"FUNCTIONS_WORKER_RUNTIME": "python", "AZURE_FUNCTIONS_ENVIRONMENT": "Staging"},
         STAGING, "AZURE_FUNCTIONS_ENVIRONMENT=Staging"),
        ({"FUNCTIONS_WORKER_RUNTIME": "python", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"},
         LOCAL, "AZURE_FUNCTIONS_ENVIRONMENT=Development"),
        ({"CONTAINER_APP_NAME": "x"}, PRODUCTION, "CONTAINER_APP_NAME"),
        ({"DIGITALOCEAN_APP_ID": "x"}, PRODUCTION, "DIGITALOCEAN_APP_ID"),
        ({"__OW_API_HOST": "x"}, PRODUCTION, "__OW_API_HOST"),
        ({"GITLAB_CI": "true", "KUBERNETES_SERVICE_HOST": "x"}, TEST, "GITLAB_CI"),
        ({"CIRCLECI": "true"}, TEST, "CIRCLECI"),
        ({"BUILDKITE": "true"}, TEST, "BUILDKITE"),
        ({"TRAVIS": "true"}, TEST, "TRAVIS"),
        ({"TEAMCITY_VERSION": "2026.1"}, TEST, "TEAMCITY_VERSION"),
        ({"TF_BUILD": "True"}, TEST, "TF_BUILD"),
        ({"BITBUCKET_BUILD_NUMBER": "7"}, TEST, "BITBUCKET_BUILD_NUMBER"),
        ({"CODEBUILD_BUILD_ID": "x:1"}, TEST, "CODEBUILD_BUILD_ID"),
        ({"JENKINS_URL": "https://ci", "BUILD_ID": "1"}, TEST, "JENKINS_URL"),
        ({"JENKINS_URL": "https://ci"}, LOCAL, "default"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "INNGEST_DEV": "1"}, PRODUCTION,
         "KUBERNETES_SERVICE_HOST"),
    ],
)  # fmt: skip
def test_the_first_signal_that_answers_decides(
    environ: dict[str, str], environment: Environment, decided_by: str
) -> None:
    detected, problem = detect(environ)
    assert (detected.environment, detected.decided_by, problem) == (environment, decided_by, None)


def why_lost(environ: dict[str, str]) -> dict[str, str]:
    """Every signal that was there and did not decide, and why."""
    detected, _ = detect(environ)
    return {one.variable: one.why for one in detected.lost}


@pytest.mark.parametrize(
    ("environ", "lost"),
    [
        ({"VERCEL_ENV": "preview", "CI": "1"}, {"CI": "a row above decided: VERCEL_ENV=preview"}),
        ({"MAINSTEM_ENV": "local", "CI": "1"}, {"CI": "MAINSTEM_ENV decided"}),
        ({"INNGEST_DEV": "0"}, {"INNGEST_DEV": "is switched off"}),
        ({"CI": "false", "RENDER": "true"}, {"CI": "is switched off"}),
        ({"INNGEST_DEV": "maybe"}, {"INNGEST_DEV": "says nothing here"}),
        ({"JENKINS_URL": "https://ci"}, {"JENKINS_URL": "says nothing here"}),
        ({"SITE_ID": "1"}, {"SITE_ID": "says nothing here"}),
        ({"CONTEXT": "production"}, {"CONTEXT": "says nothing without NETLIFY"}),
        ({"IS_PULL_REQUEST": "true"}, {"IS_PULL_REQUEST": "says nothing without RENDER"}),
        ({"NODE_ENV": "production"}, {"NODE_ENV": "is not read; MAINSTEM_ENV is the one to set"}),
        ({"NETLIFY": "true", "CONTEXT": "production"}, {}),
    ],
)  # fmt: skip
def test_a_signal_that_lost_says_why(environ: dict[str, str], lost: dict[str, str]) -> None:
    assert why_lost(environ) == lost


def test_a_signal_that_lost_says_what_it_would_have_decided() -> None:
    detected, _ = detect({"VERCEL_ENV": "preview", "KUBERNETES_SERVICE_HOST": "x"})
    (lost,) = detected.lost
    assert (detected.platform, lost.platform) == ("Vercel", "Kubernetes")
    assert (lost.environment, lost.said) == (PRODUCTION, "KUBERNETES_SERVICE_HOST")


def test_every_signal_links_to_its_platforms_documentation() -> None:
    assert [s.variable for s in SIGNALS if not s.source.startswith("https://")] == []
    assert len({s.variable for s in SIGNALS}) == len(SIGNALS)


def test_in_production_no_ordinary_setting_of_an_app_makes_a_test_of_it() -> None:
    """A test environment checks no signature, so nothing that apps also use may mean test."""
    deployed = {"KUBERNETES_SERVICE_HOST": "x", "JENKINS_URL": "https://ci", "CI": "false"}
    assert detect(deployed)[0].environment is PRODUCTION


@pytest.mark.parametrize(
    ("value", "told"),
    [("prodution", "Did you mean 'production'?"), ("moon", "local, test, preview, staging")],
)
def test_an_unknown_choice_is_a_problem_and_counts_as_production(value: str, told: str) -> None:
    detected, problem = detect({"MAINSTEM_ENV": value})
    assert detected.environment is PRODUCTION
    assert problem is not None
    assert told in str(problem)
    assert f"'{value}' is no environment" in str(problem)


def test_the_catalogue_knows_the_same_environments() -> None:
    assert tuple(str(environment) for environment in Environment) == ENVIRONMENTS
