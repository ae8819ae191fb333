"""A call that alone needs more ports than its link pool has is refused, too.

The guards of before compare a claim with others, so they let the first one through whatever its
size. On PostgreSQL triggers fire by name: this one after `claims_stay_apart` has locked the pool.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

_TOO_LARGE = """
    SELECT 1 FROM resources
    WHERE number = NEW.resource AND (NEW.sites > ports OR sessions < 1)"""
_MESSAGE = "lianke: the link pool carries no more"


def upgrade() -> None:
    guards = {"sqlite": _sqlite, "postgresql": _postgresql}
    for statement in guards[op.get_context().dialect.name]():
        op.execute(statement)


def _sqlite() -> list[str]:
    return [
        f"""
        CREATE TRIGGER claims_stay_within_on_{event.lower()} BEFORE {event} ON claims
        WHEN NEW.live AND NEW.kind = 'link_pool'
        BEGIN SELECT RAISE(ABORT, '{_MESSAGE}') WHERE EXISTS ({_TOO_LARGE}); END"""
        for event in ("INSERT", "UPDATE")
    ]


def _postgresql() -> list[str]:
    return [
        f"""
        CREATE FUNCTION keep_claims_within() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS ({_TOO_LARGE}) THEN
                RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'exclusion_violation';
            END IF;
            RETURN NEW;
        END $$""",
        """
        CREATE TRIGGER claims_stay_within BEFORE INSERT OR UPDATE ON claims
        FOR EACH ROW WHEN (NEW.live AND NEW.kind = 'link_pool')
        EXECUTE FUNCTION keep_claims_within()""",
    ]
