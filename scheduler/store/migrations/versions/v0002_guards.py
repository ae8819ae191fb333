"""The database itself refuses double claims and a changed audit, whoever writes to it, and how.

Both engines refuse the same: an exclusive claim on a resource that is claimed already, a room
without its buffer between different participants, a link pool above its peak. PostgreSQL excludes
overlaps by one range of whole numbers (the resource's number above 40 bits of seconds, enough for
every date Python knows), which needs no extension; for what no constraint can say, a trigger writes
the resource's row first, so that two transactions at once cannot both look before either claims.
"""

# ruff: noqa: S608 - these texts are put together from each other only

from alembic import op

revision = "0002"
down_revision = "0001"

_OVERLAPS = """
    claims.resource = NEW.resource AND claims.live
    AND claims.starts < NEW.ends AND claims.ends > NEW.starts
    AND claims.starts > NEW.starts - 86400"""
"""No claim is longer than a day, which lets an index find those that overlap."""

_WITHIN_BUFFER = """
    claims.resource = NEW.resource AND claims.live AND claims.party <> NEW.party
    AND claims.starts < NEW.ends + {buffer} AND claims.ends > NEW.starts - {buffer}
    AND claims.starts > NEW.starts - 86400 - {buffer}"""

_PEAK = """
    SELECT 1
    FROM (SELECT NEW.starts AS at UNION
          SELECT claims.starts FROM claims
          WHERE {overlaps} AND claims.starts > NEW.starts AND {other}) AS moments
    JOIN claims ON {overlaps} AND {other}
        AND claims.starts <= moments.at AND claims.ends > moments.at
    GROUP BY moments.at
    HAVING count(*) + 1 > {sessions} OR sum(claims.sites) + NEW.sites > {ports}"""


def upgrade() -> None:
    guards = {"sqlite": _sqlite, "postgresql": _postgresql}
    for statement in guards[op.get_context().dialect.name]():
        op.execute(statement)


def _sqlite() -> list[str]:
    pool = "(SELECT {} FROM resources WHERE number = NEW.resource)"
    buffer = pool.format("buffer_seconds")
    statements = []
    for name, event, other in (
        ("insert", "INSERT", "claims.session <> NEW.session"),
        (
            "update",
            "UPDATE",
            "NOT (claims.session = OLD.session AND claims.resource = OLD.resource)",
        ),
    ):
        peak = _PEAK.format(
            overlaps=_OVERLAPS,
            other=other,
            sessions=pool.format("sessions"),
            ports=pool.format("ports"),
        )
        statements.append(f"""
            CREATE TRIGGER claims_stay_apart_on_{name} BEFORE {event} ON claims WHEN NEW.live
            BEGIN
                SELECT RAISE(ABORT, 'lianke: this is a resource of another kind')
                WHERE NOT EXISTS (SELECT 1 FROM resources
                    WHERE number = NEW.resource AND kind = NEW.kind);
                SELECT RAISE(ABORT, 'lianke: the resource is claimed already')
                WHERE NEW.exclusive AND EXISTS (
                    SELECT 1 FROM claims WHERE {_OVERLAPS} AND claims.exclusive AND {other});
                SELECT RAISE(ABORT, 'lianke: the room needs its buffer')
                WHERE NEW.kind = 'room' AND EXISTS (
                    SELECT 1 FROM claims
                    WHERE {_WITHIN_BUFFER.format(buffer=buffer)} AND {other});
                SELECT RAISE(ABORT, 'lianke: the link pool carries no more')
                WHERE NEW.kind = 'link_pool' AND EXISTS ({peak});
            END""")
    statements += [
        f"""
        CREATE TRIGGER audit_stays_on_{event.lower()} BEFORE {event} ON audit
        BEGIN SELECT RAISE(ABORT, 'lianke: the audit is append-only'); END"""
        for event in ("UPDATE", "DELETE")
    ]
    return statements


def _postgresql() -> list[str]:
    other = "NOT (claims.session = replaced AND claims.resource = replaced_resource)"
    peak = _PEAK.format(
        overlaps=_OVERLAPS, other=other, sessions="taken.sessions", ports="taken.ports"
    )
    return [
        """
        ALTER TABLE claims ADD CONSTRAINT claims_stay_apart EXCLUDE USING gist (
            int8range((resource << 40) + starts, (resource << 40) + ends) WITH &&
        ) WHERE (live AND exclusive)""",
        f"""
        CREATE FUNCTION keep_claims_apart() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            taken resources%ROWTYPE;
            replaced text := NEW.session;
            replaced_resource bigint := NEW.resource;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                replaced := OLD.session;
                replaced_resource := OLD.resource;
            END IF;
            UPDATE resources SET revision = revision
            WHERE number = NEW.resource RETURNING * INTO taken;
            IF NEW.kind = 'room' AND EXISTS (
                SELECT 1 FROM claims
                WHERE {_WITHIN_BUFFER.format(buffer="taken.buffer_seconds")} AND {other}
            ) THEN
                RAISE EXCEPTION 'lianke: the room needs its buffer'
                    USING ERRCODE = 'exclusion_violation';
            END IF;
            IF NEW.kind = 'link_pool' AND EXISTS ({peak}) THEN
                RAISE EXCEPTION 'lianke: the link pool carries no more'
                    USING ERRCODE = 'exclusion_violation';
            END IF;
            RETURN NEW;
        END $$""",
        """
        CREATE TRIGGER claims_stay_apart BEFORE INSERT OR UPDATE ON claims
        FOR EACH ROW WHEN (NEW.live AND NEW.kind IN ('room', 'link_pool'))
        EXECUTE FUNCTION keep_claims_apart()""",
        """
        CREATE FUNCTION refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'lianke: the audit is append-only';
        END $$""",
        """
        CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change()""",
        """
        CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change()""",
    ]
