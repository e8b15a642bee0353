"""Remarks: what is not wrong enough to stop a start, and worth a look all the same. No secrets."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from mainstem.settings import keys
from mainstem.settings.branches import CHOICE, EXPLICIT
from mainstem.settings.detection import Detected
from mainstem.settings.environment import OVERRIDE, Environment
from mainstem.settings.judging import Reading
from mainstem.settings.policy import Policy

# AWS Lambda refuses more, counted over all variables of a function; Netlify Functions are Lambda.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LAMBDA_LIMIT_BYTES = 4_096
_LAMBDA_WARNING_BYTES = 3_584
_LAMBDAS_OWN = ("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN", "LD_LIBRARY_PATH", "PATH", "LANG", "TZ")
_WITHOUT_DISK = {"Vercel", "Netlify", "Netlify Functions", "AWS Lambda", "Cloud Run", "Heroku"}


def notes(
    given: Mapping[str, str], detected: Detected, policy: Policy, reading: Reading
) -> Iterator[str]:
    """Everything worth a remark in what was read."""
    yield from reading.remarks
    yield from _about_signals(detected)
    yield from _about_branches(policy, reading)
    yield from _about_keys(policy, reading)
    yield from _about_names(given, reading)
    yield from _about_github(policy, reading)
    yield from _about_places(detected, policy, reading)
    if detected.platform in {"AWS Lambda", "Netlify", "Netlify Functions"}:
        yield from _about_size(given, detected.platform)


def _about_signals(detected: Detected) -> Iterator[str]:
    for lost in detected.lost if detected.variable == OVERRIDE else ():
        deployed = lost.environment is not None and not lost.environment.is_development
        if deployed and lost.environment is not detected.environment:
            yield f"{OVERRIDE} overrules {lost.said}, which says {lost.environment}."


def _about_branches(policy: Policy, reading: Reading) -> Iterator[str]:
    for branch in reading.branches.seen:
        if branch.variable != EXPLICIT and not branch.taken and not reading.values["inngest_dev"]:
            yield f"{branch.variable} is not taken as the branch environment: {branch.why}."
    if policy.inngest_environment == "production" and reading.values.get("branch_from"):
        yield f"{CHOICE} is set in production, where no branch is taken."
    kind = keys.kind_of(reading.keys.get(keys.SIGNING_KEY, ""))
    if policy.inngest_environment == "a branch environment" and kind == "test":
        yield (
            "This preview has a test environment's key: it shares that environment, its functions "
            "and its events with every other preview that has the key."
        )


def _about_keys(policy: Policy, reading: Reading) -> Iterator[str]:
    for variable in (keys.SIGNING_KEY, keys.FALLBACK_KEY):
        if digits := keys.odd_length(reading.keys.get(variable, "")):
            yield (
                f"{variable} has {digits} hexadecimal digits after its prefix; Inngest's have 64. "
                "A part may be missing."
            )
    if policy.mode == "dev" and keys.kind_of(reading.keys.get(keys.SIGNING_KEY, "")) == "prod":
        yield f"{keys.SIGNING_KEY} is production's, in {policy.environment}."


def _about_names(given: Mapping[str, str], reading: Reading) -> Iterator[str]:
    for variable in (keys.EVENT_KEY, keys.SIGNING_KEY):
        for other in keys.aliases(given, variable):
            if variable in reading.keys:
                same = given[other].strip() == reading.keys[variable]
                differs = "" if same else ", and holds another value"
                yield f"{other} is set beside {variable}{differs}; it is not read. Remove it."
            elif reading.values["inngest_dev"]:
                yield f"{other} is set and not read. Rename it to {variable} if it is needed."
    for name in keys.shown_to_browsers(given):
        yield (
            f"{name} is copied by a front end's build into what it sends to browsers. Send events "
            "from the server, and replace the key that was shown."
        )


def _about_github(policy: Policy, reading: Reading) -> Iterator[str]:
    values = reading.values
    credentials = ("github_token", "github_tokens", "github_app_id")
    if policy.environment is not Environment.PRODUCTION or values.get("catalog"):
        return  # another application's functions need not ask GitHub
    if not any(values.get(setting) for setting in credentials):
        yield (
            "Production has no credential for GitHub: set GITHUB_TOKEN, MAINSTEM_GITHUB_TOKENS, or "
            "an App's id and key. Without one, 60 requests an hour are all there is."
        )


def _about_places(detected: Detected, policy: Policy, reading: Reading) -> Iterator[str]:
    url = reading.values.get("database_url")
    if policy.expects_server_database and (url is None or str(url).startswith("sqlite")):
        set_by = "MAINSTEM_DATABASE_URL is not set" if url is None else "the database is SQLite"
        gone = " which this platform throws away" if detected.platform in _WITHOUT_DISK else ""
        yield f"In {policy.environment} {set_by}: data stands in one machine's file{gone}."
    for setting in ("inngest_base_url", "inngest_api_base_url", "inngest_event_api_base_url"):
        host = urlsplit(str(reading.values.get(setting) or "")).hostname
        if policy.mode == "cloud" and host in {"127.0.0.1", "localhost", "::1"}:
            yield (
                f"{reading.variable(setting)} is this machine itself, in {policy.environment}: "
                "right only where the engine runs beside it."
            )
    if detected.decided_by == "default" and reading.keys.get(keys.SIGNING_KEY):
        yield (
            "There is a signing key, and nothing says where this is: it runs as local, without "
            f"signatures. Set {OVERRIDE} if this is a deployment."
        )


def _about_size(given: Mapping[str, str], platform: str) -> Iterator[str]:
    ours = {name: value for name, value in given.items() if not name.startswith(_LAMBDAS_OWN)}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in ours.items())
    if size > _LAMBDA_WARNING_BYTES:
        word = "over" if size > _LAMBDA_LIMIT_BYTES else "close to"
        biggest = sorted(ours, key=lambda name: len(ours[name]), reverse=True)[:3]
        yield (
            f"The variables take {size:,} bytes, {word} the {_LAMBDA_LIMIT_BYTES:,} that "
            f"{platform} allows; the biggest are {', '.join(biggest)}."
        )
