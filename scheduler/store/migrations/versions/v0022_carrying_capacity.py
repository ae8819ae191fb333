"""No link pool shrinks below what is booked on it to come, no buffer grows over it.

The claims are kept apart as they come (0002); this guards the other side, what the resource itself
can carry. What is over by the database's own clock is in nobody's way.
"""

from alembic import op

revision = "0022"
down_revision = "0021"

_BEYOND_ITS_PEAK = """
    SELECT 1 FROM (
        SELECT sum(session) OVER sweep AS sessions, sum(sites) OVER sweep AS ports FROM (
            SELECT starts AS at, 1 AS session, sites FROM claims WHERE {to_come}
            UNION ALL
            SELECT ends, -1, -sites FROM claims WHERE {to_come}) AS moments
        WINDOW sweep AS (ORDER BY at, session)) AS load
    WHERE load.sessions > NEW.sessions OR load.ports > NEW.ports"""
"""Whoever ends makes room before the next begins."""

_WITHIN_BUFFER = """
    SELECT 1 FROM claims
    JOIN claims AS next ON next.resource = claims.resource AND next.live
        AND next.party <> claims.party AND next.starts >= claims.starts
        AND next.starts < claims.ends + NEW.buffer_seconds AND next.session <> claims.session
    WHERE claims.resource = NEW.number AND claims.live AND next.ends > {now}"""


def upgrade() -> None:
    guards = {"sqlite": _sqlite, "postgresql": _postgresql}
    for statement in guards[op.get_context().dialect.name]():
        op.execute(statement)


def _questions(now: str) -> tuple[str, str]:
    to_come = f"resource = NEW.number AND live AND ends > {now}"
    return _BEYOND_ITS_PEAK.format(to_come=to_come), _WITHIN_BUFFER.format(now=now)


def _sqlite() -> list[str]:
    peak, buffer = _questions("CAST(strftime('%s', 'now') AS INTEGER)")
    return [
        f"""
        CREATE TRIGGER pools_carry_what_is_booked BEFORE UPDATE OF sessions, ports ON resources
        WHEN NEW.sessions < OLD.sessions OR NEW.ports < OLD.ports
        BEGIN
            SELECT RAISE(ABORT, 'lianke: more is booked on the link pool') WHERE EXISTS ({peak});
        END""",
        f"""
        CREATE TRIGGER buffers_fit_what_is_booked BEFORE UPDATE OF buffer_seconds ON resources
        WHEN NEW.buffer_seconds > OLD.buffer_seconds
        BEGIN
            SELECT RAISE(ABORT, 'lianke: the room is booked within this buffer')
            WHERE EXISTS ({buffer});
        END""",
    ]


def _postgresql() -> list[str]:
    peak, buffer = _questions("extract(epoch FROM now())")
    return [
        f"""
        CREATE FUNCTION carry_what_is_booked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (NEW.sessions < OLD.sessions OR NEW.ports < OLD.ports) AND EXISTS ({peak}) THEN
                RAISE EXCEPTION 'lianke: more is booked on the link pool'
                    USING ERRCODE = 'exclusion_violation';
            END IF;
            IF NEW.buffer_seconds > OLD.buffer_seconds AND EXISTS ({buffer}) THEN
                RAISE EXCEPTION 'lianke: the room is booked within this buffer'
                    USING ERRCODE = 'exclusion_violation';
            END IF;
            RETURN NEW;
        END $$""",
        """
        CREATE TRIGGER resources_carry_what_is_booked
        BEFORE UPDATE OF sessions, ports, buffer_seconds ON resources
        FOR EACH ROW EXECUTE FUNCTION carry_what_is_booked()""",
    ]
