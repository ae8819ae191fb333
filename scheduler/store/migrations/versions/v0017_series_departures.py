"""In whose calendar a series last lost or moved a session, instead of when it did in anybody's."""

from datetime import UTC, datetime
from json import loads

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    text_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "series_departures",
        sa.Column(
            "series",
            text_id,
            sa.ForeignKey("series.id", name="fk_series_departures_series"),
            nullable=False,
        ),
        sa.Column(
            "resource",
            number,
            sa.ForeignKey("resources.number", name="fk_series_departures_resource"),
            nullable=False,
        ),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("series", "resource", name="pk_series_departures"),
    )
    _keep_what_was_told()
    op.drop_column("series", "departed_at")


def _keep_what_was_told() -> None:
    """No SEQUENCE may fall: so far every reader was told of the last change of the whole series."""
    connection = op.get_bind()
    series = sa.table("series", sa.column("id"), sa.column("body"), sa.column("departed_at"))
    sessions = sa.table("sessions", sa.column("id"), sa.column("series"))
    claims = sa.table("claims", sa.column("session"), sa.column("resource"))
    kept = sa.table(
        "series_departures",
        sa.column("series"),
        sa.column("resource"),
        sa.column("left_at", sa.DateTime(timezone=True)),
    )
    told = sa.type_coerce(series.c.departed_at, sa.DateTime(timezone=True))
    for row in connection.execute(sa.select(series.c.id, series.c.body, told.label("told"))).all():
        changed = datetime.fromisoformat(loads(row.body)["changed_at"])
        departed = row.told or changed
        last = max(changed, departed if departed.tzinfo else departed.replace(tzinfo=UTC))
        readers = (
            sa.select(claims.c.resource)
            .join(sessions, sessions.c.id == claims.c.session)
            .where(sessions.c.series == row.id)
            .distinct()
        )
        notes = [
            {"series": row.id, "resource": each.resource, "left_at": last}
            for each in connection.execute(readers)
        ]
        if notes:
            connection.execute(sa.insert(kept), notes)
