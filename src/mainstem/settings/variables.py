"""Which variable feeds which setting: setting → variables, of which the first that is set wins.

Dots lead into `sync`. A second name is one that the SDK, a platform or a common habit uses.
"""

from collections.abc import Mapping

from mainstem.settings.branches import CHOICE, EXPLICIT
from mainstem.settings.github import APP_ID, APP_KEY, APP_KEY_FILE, TOKENS
from mainstem.settings.keys import EVENT_KEY, FALLBACK_KEY, SIGNING_KEY
from mainstem.settings.peers import VARIABLE as PEERS
from mainstem.settings.shares import VARIABLE as ROLLOUT

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "app_id": ("MAINSTEM_APP_ID", "INNGEST_APP_ID"),
    # After ours, what the platforms call the commit (or, on Cloud Run, the revision).
    "app_version": (
        "MAINSTEM_APP_VERSION",
        "VERCEL_GIT_COMMIT_SHA",
        "RENDER_GIT_COMMIT",
        "RAILWAY_GIT_COMMIT_SHA",
        "HEROKU_BUILD_COMMIT",
        "HEROKU_SLUG_COMMIT",
        "K_REVISION",
        "GITHUB_SHA",
        "CI_COMMIT_SHA",
    ),
    "catalog": ("MAINSTEM_CATALOG",),
    "event_key": (EVENT_KEY,),
    "signing_key": (SIGNING_KEY,),
    "signing_key_fallback": (FALLBACK_KEY,),
    "inngest_env": (EXPLICIT,),
    "branch_from": (CHOICE,),
    "inngest_base_url": ("INNGEST_BASE_URL",),
    "inngest_api_base_url": ("INNGEST_API_BASE_URL",),
    "inngest_event_api_base_url": ("INNGEST_EVENT_API_BASE_URL",),
    "inngest_dev": ("INNGEST_DEV",),
    "database_url": ("MAINSTEM_DATABASE_URL", "DATABASE_URL"),
    "github_url": ("MAINSTEM_GITHUB_URL", "GITHUB_API_URL"),
    "github_token": ("GITHUB_TOKEN", "GH_TOKEN", "MAINSTEM_GITHUB_TOKEN"),
    "github_tokens": (TOKENS,),
    "github_app_id": (APP_ID,),
    "github_app_private_key": (APP_KEY,),
    "github_app_private_key_file": (APP_KEY_FILE,),
    "github_proxy": ("MAINSTEM_GITHUB_PROXY",),
    "github_webhook_secret": ("MAINSTEM_GITHUB_WEBHOOK_SECRET",),
    "github_webhook_secret_fallback": ("MAINSTEM_GITHUB_WEBHOOK_SECRET_FALLBACK",),
    "serve_host": ("MAINSTEM_SERVE_HOST",),
    "serve_port": ("MAINSTEM_SERVE_PORT", "PORT"),
    "serve_origin": ("MAINSTEM_SERVE_ORIGIN", "INNGEST_SERVE_ORIGIN"),
    "serve_path": ("MAINSTEM_SERVE_PATH", "INNGEST_SERVE_PATH"),
    "serve_groups": ("MAINSTEM_SERVE_GROUPS",),
    "serve_tags": ("MAINSTEM_SERVE_TAGS",),
    "unauthed_sync": ("MAINSTEM_UNAUTHED_SYNC", "INNGEST_ENABLE_UNAUTHED_SYNC"),
    "streaming": ("MAINSTEM_STREAMING", "INNGEST_STREAMING"),
    "thread_pool_workers": ("MAINSTEM_THREAD_POOL_WORKERS", "INNGEST_THREAD_POOL_MAX_WORKERS"),
    "connect_max_concurrency": (
        "MAINSTEM_CONNECT_MAX_CONCURRENCY",
        "INNGEST_CONNECT_MAX_WORKER_CONCURRENCY",
    ),
    "log_level": ("MAINSTEM_LOG_LEVEL",),
    "log_json": ("MAINSTEM_LOG_JSON",),
    "functions_on": ("MAINSTEM_FUNCTIONS",),
    "disabled_functions": ("MAINSTEM_DISABLED_FUNCTIONS",),
    "shares": (ROLLOUT,),
    # The same variable: `off` in the place of shares.
    "rollouts_on": (ROLLOUT,),
    "strict": ("MAINSTEM_STRICT",),
    "guard_rails": ("MAINSTEM_GUARD_RAILS",),
    "status_page": ("MAINSTEM_STATUS_PAGE",),
    "status_token": ("MAINSTEM_STATUS_TOKEN",),
    "status_peers": (PEERS,),
    "sync.cooldown_manual_hours": ("MAINSTEM_COOLDOWN_MANUAL_HOURS",),
    "sync.cooldown_auto_fix_hours": ("MAINSTEM_COOLDOWN_AUTO_FIX_HOURS",),
    "sync.cooldown_automatic_hours": ("MAINSTEM_COOLDOWN_AUTOMATIC_HOURS",),
    "sync.cooldown_default_hours": ("MAINSTEM_COOLDOWN_DEFAULT_HOURS",),
    "sync.cooldown_scheduled_hours": ("MAINSTEM_COOLDOWN_SCHEDULED_HOURS",),
    "sync.cooldown_rest_hours": ("MAINSTEM_COOLDOWN_REST_HOURS",),
    "sync.pulls_per_sync": ("MAINSTEM_PULLS_PER_SYNC",),
}

SECRETS = (
    "event_key",
    "signing_key",
    "signing_key_fallback",
    "github_token",
    "github_tokens",
    "github_app_private_key",
    "github_webhook_secret",
    "github_webhook_secret_fallback",
    "status_token",
)
ADDRESSES = (
    "inngest_base_url",
    "inngest_api_base_url",
    "inngest_event_api_base_url",
    "github_url",
    "github_proxy",
    "serve_origin",
)
LISTS = ("disabled_functions", "serve_groups", "serve_tags")
SWITCHES = ("log_json", "functions_on", "strict", "guard_rails", "status_page", "unauthed_sync")
# Where nothing is set, the environment's policy says.
BY_POLICY = ("inngest_dev", "log_json", "guard_rails", "status_page")
