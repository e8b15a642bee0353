"""Which of Inngest's branch environments this process belongs to, and who said so.

The SDK takes the first branch variable that it finds, silently, in production too; a production
deployment then sends its events into a branch. Here `INNGEST_ENV` is taken when it is set.
A platform's own variable is taken only where the signing key is a branch environment's, or where
`MAINSTEM_BRANCH_FROM` asks for it, and never in production.

https://www.inngest.com/docs/platform/environments#branch-environments
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.errors import Problem
from mainstem.settings.environment import OVERRIDE, Environment

EXPLICIT = "INNGEST_ENV"
CHOICE = "MAINSTEM_BRANCH_FROM"
PLATFORM = "platform"
_NO_BRANCH = "production has no branch environment"


@dataclass(frozen=True, slots=True)
class BranchVariable:
    """A platform's variable that holds a git branch; it counts only where `where` is set too."""

    platform: str
    variable: str
    where: str = ""


# In the order in which they are asked. A pull request's own branch comes before the wider variable,
# which then holds a merge reference that is no branch.
BRANCH_VARIABLES: tuple[BranchVariable, ...] = (
    BranchVariable("Vercel", "VERCEL_GIT_COMMIT_REF"),
    BranchVariable("Netlify", "HEAD", "NETLIFY"),
    BranchVariable("Netlify", "BRANCH", "NETLIFY"),
    BranchVariable("Render", "RENDER_GIT_BRANCH"),
    BranchVariable("Railway", "RAILWAY_GIT_BRANCH"),
    BranchVariable("Heroku", "HEROKU_BRANCH"),
    BranchVariable("GitHub Actions", "GITHUB_HEAD_REF", "GITHUB_ACTIONS"),
    BranchVariable("GitHub Actions", "GITHUB_REF_NAME", "GITHUB_ACTIONS"),
    BranchVariable("GitLab CI", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "GITLAB_CI"),
    BranchVariable("GitLab CI", "CI_COMMIT_BRANCH", "GITLAB_CI"),
    BranchVariable("CircleCI", "CIRCLE_BRANCH", "CIRCLECI"),
    BranchVariable("Buildkite", "BUILDKITE_BRANCH", "BUILDKITE"),
    BranchVariable("Travis CI", "TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS"),
    BranchVariable("Travis CI", "TRAVIS_BRANCH", "TRAVIS"),
    BranchVariable("Azure Pipelines", "BUILD_SOURCEBRANCHNAME", "TF_BUILD"),
    BranchVariable("Bitbucket Pipelines", "BITBUCKET_BRANCH", "BITBUCKET_BUILD_NUMBER"),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch variable that was there: taken or ignored, and why."""

    variable: str
    value: str
    taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class Branches:
    """The branch that was chosen, if any, every variable that was there, and what is wrong."""

    chosen: str | None = None
    variable: str | None = None
    seen: tuple[Branch, ...] = ()
    problem: Problem | None = None


def choose_branch(
    environ: Mapping[str, str],
    environment: Environment,
    *,
    explicit: str | None,
    branch_from: str | None,
    has_branch_key: bool,
    is_cloud: bool,
) -> Branches:
    """The branch environment by the rule at the top of this module.

    `explicit` is the value of `INNGEST_ENV` (or of an override), `branch_from` that of
    `MAINSTEM_BRANCH_FROM`. `is_cloud` says whether signatures and keys count here.
    """
    found = [
        (row.variable, environ[row.variable].strip())
        for row in BRANCH_VARIABLES
        if environ.get(row.variable, "").strip()
        and (not row.where or environ.get(row.where, "").strip())
    ]
    if explicit and environment is Environment.PRODUCTION:
        problem = Problem(
            EXPLICIT,
            "it names a branch environment, and production has none",
            f"Unset it, or set {OVERRIDE} to the environment that this is.",
        )
        return Branches(problem=problem, seen=_ignored([(EXPLICIT, explicit), *found], _NO_BRANCH))
    if explicit:
        seen = (Branch(EXPLICIT, explicit, True, "it was set"),)
        return Branches(explicit, EXPLICIT, seen + _ignored(found, f"{EXPLICIT} is set"))
    if environment is Environment.PRODUCTION:
        return Branches(seen=_ignored(found, _NO_BRANCH))
    if branch_from:
        return _as_asked(environ, found, branch_from)
    if not (has_branch_key and is_cloud):
        why = f"the signing key is no branch environment's, and {CHOICE} does not ask for it"
        return Branches(seen=_ignored(found, why if is_cloud else "dev mode has no branches"))
    if not found:
        return Branches()
    (variable, value), rest = found[0], found[1:]
    taken = Branch(variable, value, True, "the signing key is a branch environment's")
    return Branches(value, variable, (taken, *_ignored(rest, f"{variable} was there first")))


def _as_asked(
    environ: Mapping[str, str], found: list[tuple[str, str]], branch_from: str
) -> Branches:
    if branch_from.lower() == PLATFORM:
        if not found:
            names = ", ".join(dict.fromkeys(row.variable for row in BRANCH_VARIABLES))
            problem = Problem(
                CHOICE,
                f"it is '{PLATFORM}', and no platform's branch variable is set here",
                f"Set {EXPLICIT} to the branch, or {CHOICE} to the variable that has it "
                f"(known: {names}).",
            )
            return Branches(problem=problem)
        variable, value = found[0]
    else:
        variable, value = branch_from, environ.get(branch_from, "").strip()
        if not value:
            problem = Problem(
                CHOICE,
                f"it names '{branch_from}', which is not set",
                f"Set it to a variable that holds the branch, or to '{PLATFORM}'.",
            )
            return Branches(problem=problem, seen=_ignored(found, f"{CHOICE} names another"))
    rest = [(name, text) for name, text in found if name != variable]
    taken = Branch(variable, value, True, f"{CHOICE} asks for it")
    return Branches(value, variable, (taken, *_ignored(rest, f"{variable} was taken")))


def _ignored(found: list[tuple[str, str]], why: str) -> tuple[Branch, ...]:
    return tuple(Branch(variable, value, False, why) for variable, value in found)
