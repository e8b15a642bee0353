"""What a capture remembers between its steps: what is still to fetch, sizes, limits, deliveries.

None of it says anything about a repository's activity: losing these rows costs requests, never
records.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, UniqueConstraint, false

from mainstem.store.columns import CleanText, JsonDocument
from mainstem.store.tables.base import metadata, moment, not_negative, one_of, points_to, row_id
from mainstem.store.vocabulary import DELIVERY_STATUSES, INSTALLATION_STATUSES

# A list that went on behind the part that its page held. Kept until it is read to its end, so that
# many of them are asked for together.
capture_gaps = Table(
    "capture_gaps",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", cascade=True),
    Column("kind", CleanText, nullable=False, comment="which nested list"),
    Column("number", Integer, nullable=False, comment="of the pull request or issue"),
    Column("node_id", CleanText, nullable=False, comment="GitHub's id of the list's parent"),
    Column("cursor", CleanText, comment="where the list goes on; NULL: from its beginning"),
    Column("missing", Integer, nullable=False, comment="items still to come, by GitHub's count"),
    moment("created_at", nullable=False),
    UniqueConstraint("repository_id", "kind", "node_id"),
    *not_negative("missing"),
)

# What was learned of a repository's sizes, and how wide a page got through.
capture_plans = Table(
    "capture_plans",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", cascade=True),
    Column("shape", CleanText, nullable=False, comment="the query's name"),
    Column(
        "width", Integer, nullable=False, comment="items on a page that GitHub answered in time"
    ),
    Column("ceiling", Integer, comment="a width that it did not"),
    Column("sizes", JsonDocument, comment="how many parents have how many: {list: {size: count}}"),
    moment("updated_at", nullable=False),
    UniqueConstraint("repository_id", "shape"),
    *not_negative("width", "ceiling"),
)

# Validators of conditional requests, from when the answers that they came with are stored. An ETag
# belongs to one URL and one credential.
conditional_requests = Table(
    "conditional_requests",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", nullable=True, cascade=True),
    Column("credential", CleanText, nullable=False, comment="a fingerprint, never the secret"),
    Column("url", CleanText, nullable=False),
    Column("etag", CleanText),
    Column("last_modified", CleanText),
    moment("checked_at", nullable=False),
    UniqueConstraint("credential", "url"),
)

# GitHub's hourly budgets, shared by every process that uses a credential.
github_budgets = Table(
    "github_budgets",
    metadata,
    row_id(),
    Column("credential", CleanText, nullable=False, comment="a fingerprint, never the secret"),
    Column("resource", CleanText, nullable=False, comment="core, graphql, search"),
    Column("limit", Integer),
    Column("remaining", Integer),
    moment("resets_at"),
    moment("quiet_until"),
    Column("quiet_cause", CleanText, comment="what was asked when a secondary limit was met"),
    Column("quiet_repeats", Integer, nullable=False, server_default="0"),
    moment("next_at"),
    Column("met_per_minute", Integer, comment="the pace at which a secondary limit was met"),
    moment("met_at"),
    moment("updated_at", nullable=False),
    UniqueConstraint("credential", "resource"),
    *not_negative("quiet_repeats"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    row_id(),
    # A redelivery has the same GUID.
    Column("delivery_id", CleanText, nullable=False, unique=True),
    Column("event", CleanText, nullable=False),
    Column("action", CleanText),
    Column("hook_id", BigInteger),
    Column("installation_github_id", BigInteger),
    Column("repository_github_id", BigInteger),
    Column("status", CleanText, nullable=False),
    Column("payload", JsonDocument, comment="until it is handled"),
    Column("error", CleanText),
    Column("outcome", JsonDocument, comment="what applying it asked for"),
    moment("received_at", nullable=False),
    moment("handled_at"),
    one_of("status", DELIVERY_STATUSES),
    Index(None, "status", "received_at"),
    Index(None, "received_at"),
)

installations = Table(
    "installations",
    metadata,
    row_id(),
    Column("github_id", BigInteger, nullable=False, unique=True),
    Column("account_github_id", BigInteger),
    Column("account_login", CleanText, nullable=False),
    Column("account_type", CleanText),
    Column("repository_selection", CleanText, comment="all or selected"),
    Column("permissions", JsonDocument),
    Column("status", CleanText, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    moment("row_synced_at", nullable=False),
    one_of("status", INSTALLATION_STATUSES),
)

installation_repositories = Table(
    "installation_repositories",
    metadata,
    row_id(),
    points_to("installation_id", "installations", cascade=True),
    Column("repository_github_id", BigInteger, nullable=False),
    Column("full_name", CleanText, nullable=False),
    Column("is_private", Boolean, nullable=False, server_default=false()),
    moment("added_at", nullable=False),
    moment("removed_at"),
    UniqueConstraint("installation_id", "repository_github_id"),
    Index(None, "repository_github_id"),
)
