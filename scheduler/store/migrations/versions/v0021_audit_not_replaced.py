"""SQLite's `INSERT OR REPLACE` removes a row past the guards of DELETE: the audit refuses it, too.

PostgreSQL has no such statement; its `ON CONFLICT DO UPDATE` meets the guard of UPDATE.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

_STAYS = "lianke: the audit is append-only"
_SAME = {
    "audit": "no = NEW.no OR (chain = NEW.chain AND position = NEW.position)",
    "audit_anchors": "chain = NEW.chain AND position = NEW.position",
}


def upgrade() -> None:
    if op.get_context().dialect.name != "sqlite":
        return
    for table, same in _SAME.items():
        op.execute(
            f"""
            CREATE TRIGGER {table}_not_replaced BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
            BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"""  # noqa: S608 - put together from names of ours
        )
