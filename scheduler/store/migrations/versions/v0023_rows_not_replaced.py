"""SQLite's REPLACE removes rows past the guards of DELETE: each table refuses it.

`INSERT OR REPLACE` and `UPDATE OR REPLACE` end as the plain statements would, whichever key or
rowid of a row that is there they name. PostgreSQL has no such statements. A notice whose key is
known is told already, so the code leaves it out; here it is left out whatever the statement says.
"""

from alembic import op

revision = "0023"
down_revision = "0022"

_STAYS = "there is such a row already, and REPLACE is refused"
_KEYS = {
    "adjustment_parties": ("adjustment kind id",),
    "adjustments": ("id",),
    "answers": ("actor key",),
    "audit_heads": ("chain",),
    "books": ("school",),
    "channels": ("id",),
    "claims": ("session resource",),
    "deliveries": ("notice channel",),
    "departures": ("session resource",),
    "editions": ("calendar",),
    "imports": ("id",),
    "invitations": ("id",),
    "messages": ("id",),
    "notices": ("id",),
    "outcomes": ("id", "session school"),
    "plans": ("id",),
    "proposals": ("id",),
    "record_references": ("from_kind from_id to_kind to_id",),
    "records": ("kind id",),
    "resources": ("number", "kind id"),
    "searches": ("plan",),
    "senders": ("key",),
    "series": ("id",),
    "series_departures": ("series resource",),
    "sessions": ("id",),
    "subscriptions": ("id", "token_hash"),
    "suspensions": ("id",),
    "tokens": ("hash",),
    "waiting_list": ("id",),
}


def upgrade() -> None:
    if op.get_context().dialect.name != "sqlite":
        return
    for table, keys in _KEYS.items():
        same = " OR ".join(_same(key) for key in ("rowid", *keys))
        for event, others in (("INSERT", ""), ("UPDATE", "rowid <> OLD.rowid AND ")):
            op.execute(
                f"""
                CREATE TRIGGER {table}_not_replaced_on_{event.lower()} BEFORE {event} ON {table}
                WHEN EXISTS (SELECT 1 FROM {table} WHERE {others}({same}))
                BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"""  # noqa: S608 - put together from names of ours
            )
    known = "EXISTS (SELECT 1 FROM notices WHERE key = NEW.key AND id <> {})"
    for event, own in (("INSERT", "NEW.id"), ("UPDATE", "OLD.id")):
        op.execute(
            f"""
            CREATE TRIGGER notices_told_once_on_{event.lower()} BEFORE {event} ON notices
            WHEN {known.format(own)} BEGIN SELECT RAISE(IGNORE); END"""
        )


def _same(key: str) -> str:
    return "(" + " AND ".join(f"{column} = NEW.{column}" for column in key.split()) + ")"
