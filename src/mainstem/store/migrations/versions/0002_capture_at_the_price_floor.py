"""Budgets, gaps, plans, webhook deliveries, installations, discussions, tombstones.

Existing tables only gain columns, by a plain ALTER TABLE: on SQLite anything else copies the
table, and dropping the old copy would take the rows that point to it along.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _json() -> Any:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "github_budgets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "credential", sa.Text(), nullable=False, comment="a fingerprint, never the secret"
        ),
        sa.Column("resource", sa.Text(), nullable=False, comment="core, graphql, search"),
        sa.Column("limit", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("resets_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "quiet_cause",
            sa.Text(),
            nullable=True,
            comment="what was asked when a secondary limit was met",
        ),
        sa.Column("quiet_repeats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "met_per_minute",
            sa.Integer(),
            nullable=True,
            comment="the pace at which a secondary limit was met",
        ),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quiet_repeats >= 0", name=op.f("ck_github_budgets_quiet_repeats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_github_budgets")),
        sa.UniqueConstraint(
            "credential", "resource", name=op.f("uq_github_budgets_credential_resource")
        ),
    )
    op.create_table(
        "installations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("account_github_id", sa.BigInteger(), nullable=True),
        sa.Column("account_login", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=True),
        sa.Column("repository_selection", sa.Text(), nullable=True, comment="all or selected"),
        sa.Column("permissions", _json(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'deleted')", name=op.f("ck_installations_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
        sa.UniqueConstraint("github_id", name=op.f("uq_installations_github_id")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("hook_id", sa.BigInteger(), nullable=True),
        sa.Column("installation_github_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_github_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payload", _json(), nullable=True, comment="until it is handled"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("outcome", _json(), nullable=True, comment="what applying it asked for"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('received', 'handled', 'ignored', 'failed')",
            name=op.f("ck_webhook_deliveries_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_webhook_deliveries_delivery_id")),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_received_at"),
        "webhook_deliveries",
        ["received_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_webhook_deliveries_status_received_at"),
        "webhook_deliveries",
        ["status", "received_at"],
        unique=False,
    )
    op.create_table(
        "capture_gaps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="which nested list"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the pull request or issue"),
        sa.Column("node_id", sa.Text(), nullable=False, comment="GitHub's id of the list's parent"),
        sa.Column(
            "cursor",
            sa.Text(),
            nullable=True,
            comment="where the list goes on; NULL: from its beginning",
        ),
        sa.Column(
            "missing",
            sa.Integer(),
            nullable=False,
            comment="items still to come, by GitHub's count",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("missing >= 0", name=op.f("ck_capture_gaps_missing")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_capture_gaps_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_gaps")),
        sa.UniqueConstraint(
            "repository_id",
            "kind",
            "node_id",
            name=op.f("uq_capture_gaps_repository_id_kind_node_id"),
        ),
    )
    op.create_table(
        "capture_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False, comment="the query's name"),
        sa.Column(
            "width",
            sa.Integer(),
            nullable=False,
            comment="items on a page that GitHub answered in time",
        ),
        sa.Column("ceiling", sa.Integer(), nullable=True, comment="a width that it did not"),
        sa.Column(
            "sizes",
            _json(),
            nullable=True,
            comment="how many parents have how many: {list: {size: count}}",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ceiling >= 0", name=op.f("ck_capture_plans_ceiling")),
        sa.CheckConstraint("width >= 0", name=op.f("ck_capture_plans_width")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_capture_plans_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_plans")),
        sa.UniqueConstraint(
            "repository_id", "shape", name=op.f("uq_capture_plans_repository_id_shape")
        ),
    )
    op.create_table(
        "conditional_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column(
            "credential", sa.Text(), nullable=False, comment="a fingerprint, never the secret"
        ),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_conditional_requests_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conditional_requests")),
        sa.UniqueConstraint(
            "credential", "url", name=op.f("uq_conditional_requests_credential_url")
        ),
    )
    op.create_table(
        "discussions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_type", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("category_emoji", sa.Text(), nullable=True),
        sa.Column("is_answerable", sa.Boolean(), nullable=True),
        sa.Column("answer_github_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_chosen_by_login", sa.Text(), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=True),
        sa.Column("upvotes_count", sa.Integer(), nullable=True),
        sa.Column("comments_count", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("html_url", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("comments_count >= 0", name=op.f("ck_discussions_comments_count")),
        sa.CheckConstraint("number > 0", name=op.f("ck_discussions_number")),
        sa.CheckConstraint("upvotes_count >= 0", name=op.f("ck_discussions_upvotes_count")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["contributors.id"], name=op.f("fk_discussions_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_discussions_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussions")),
        sa.UniqueConstraint("github_id", name=op.f("uq_discussions_github_id")),
        sa.UniqueConstraint(
            "repository_id", "number", name=op.f("uq_discussions_repository_id_number")
        ),
    )
    op.create_index(op.f("ix_discussions_author_id"), "discussions", ["author_id"], unique=False)
    op.create_index(
        op.f("ix_discussions_repository_id_created_at"),
        "discussions",
        ["repository_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_discussions_repository_id_updated_at"),
        "discussions",
        ["repository_id", "updated_at"],
        unique=False,
    )
    op.create_table(
        "installation_repositories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("repository_github_id", sa.BigInteger(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("is_private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_installation_repositories_installation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation_repositories")),
        sa.UniqueConstraint(
            "installation_id",
            "repository_github_id",
            name=op.f("uq_installation_repositories_installation_id_repository_github_id"),
        ),
    )
    op.create_index(
        op.f("ix_installation_repositories_repository_github_id"),
        "installation_repositories",
        ["repository_github_id"],
        unique=False,
    )
    op.add_column("capture_cursors", sa.Column("total", sa.Integer(), nullable=True))
    op.add_column("capture_cursors", sa.Column("stored", sa.Integer(), nullable=True))
    op.add_column(
        "capture_cursors", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("capture_cursors", sa.Column("last_step", sa.Text(), nullable=True))
    op.add_column("capture_cursors", sa.Column("last_result", _json(), nullable=True))
    op.add_column("comments", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("issues", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("pull_requests", sa.Column("head_sha", sa.Text(), nullable=True))
    op.add_column(
        "pull_requests",
        sa.Column("labels", _json(), nullable=True, comment="list of names, sorted"),
    )
    op.add_column(
        "pull_requests",
        sa.Column("assignees", _json(), nullable=True, comment="list of logins, sorted"),
    )
    op.add_column(
        "pull_requests",
        sa.Column("requested_reviewers", _json(), nullable=True, comment="list of logins, sorted"),
    )
    op.add_column(
        "pull_requests",
        sa.Column("requested_teams", _json(), nullable=True, comment="list of slugs, sorted"),
    )
    op.add_column("pull_requests", sa.Column("milestone", sa.Text(), nullable=True))
    op.add_column("pull_requests", sa.Column("comments_count", sa.Integer(), nullable=True))
    op.add_column(
        "pull_requests", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "pull_requests", sa.Column("read_up_to", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("repositories", sa.Column("refused", sa.Text(), nullable=True))
    op.add_column(
        "repositories", sa.Column("refusals", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "repositories", sa.Column("first_refused_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "repositories",
        sa.Column(
            "former_names", _json(), nullable=True, comment="full names it had, oldest first"
        ),
    )
    op.add_column("reviews", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tracked_repositories",
        sa.Column("is_workspace_repo", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "tracked_repositories",
        sa.Column("workspace_count", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column(
        "workspaces",
        sa.Column(
            "data_retention_days",
            sa.Integer(),
            nullable=True,
            comment="of daily history; NULL: by tier",
        ),
    )


def downgrade() -> None:
    op.drop_column("workspaces", "data_retention_days")
    op.drop_column("tracked_repositories", "workspace_count")
    op.drop_column("tracked_repositories", "is_workspace_repo")
    op.drop_column("reviews", "deleted_at")
    op.drop_column("repositories", "former_names")
    op.drop_column("repositories", "first_refused_at")
    op.drop_column("repositories", "refusals")
    op.drop_column("repositories", "refused")
    op.drop_column("pull_requests", "read_up_to")
    op.drop_column("pull_requests", "deleted_at")
    op.drop_column("pull_requests", "comments_count")
    op.drop_column("pull_requests", "milestone")
    op.drop_column("pull_requests", "requested_teams")
    op.drop_column("pull_requests", "requested_reviewers")
    op.drop_column("pull_requests", "assignees")
    op.drop_column("pull_requests", "labels")
    op.drop_column("pull_requests", "head_sha")
    op.drop_column("issues", "deleted_at")
    op.drop_column("comments", "deleted_at")
    op.drop_column("capture_cursors", "last_result")
    op.drop_column("capture_cursors", "last_step")
    op.drop_column("capture_cursors", "counted_at")
    op.drop_column("capture_cursors", "stored")
    op.drop_column("capture_cursors", "total")
    op.drop_table("installation_repositories")
    op.drop_table("discussions")
    op.drop_table("conditional_requests")
    op.drop_table("capture_plans")
    op.drop_table("capture_gaps")
    op.drop_table("webhook_deliveries")
    op.drop_table("installations")
    op.drop_table("github_budgets")
