"""The environment is decided by one ordered table, and says which variable decided."""

import pytest

from mainstem.catalog import ENVIRONMENTS
from mainstem.settings import Environment, detect

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
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "INNGEST_DEV": "1"}, PRODUCTION,
         "KUBERNETES_SERVICE_HOST"),
    ],
)  # fmt: skip
def test_the_first_signal_that_answers_decides(
    environ: dict[str, str], environment: Environment, decided_by: str
) -> None:
    detected, problem = detect(environ)
    assert (detected.environment, detected.decided_by, problem) == (environment, decided_by, None)


def test_signals_that_lost_are_named() -> None:
    detected, _ = detect({"VERCEL_ENV": "preview", "CI": "1"})
    assert detected.lost == ("CI",)
    detected, _ = detect({"MAINSTEM_ENV": "local", "CI": "1"})
    assert detected.lost == ("CI",)


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
