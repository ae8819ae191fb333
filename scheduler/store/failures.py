"""What a driver's error means: that somebody else was quicker, or that a guard refused a row."""

from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError

from scheduler.errors import UnavailableError

_TRY_AGAIN_STATES: Final = {
    "40001",  # serialization failure
    "40P01",  # deadlock detected
    "55P03",  # lock not available
}
_UNAVAILABLE: Final = (
    "08",  # the connection broke
    "53",  # out of connections, memory or disk
    "57P",  # shutting down, crashed or starting up
)
"""How the states begin of a PostgreSQL that will serve again, soon or when somebody helps it."""
_GUARD: Final = "lianke:"
"""Begins the message of every guard, and the name of no other."""
_EXCLUSION_STATE: Final = "23P01"
_MIGRATED: Final = ("InvalidCachedStatementError", "OutdatedSchemaCacheError")
"""A migration has changed a table that this connection had prepared statements for."""


def asks_to_try_again(error: DBAPIError) -> bool:
    """Whether the same work may succeed if it is done again from the start.

    A broken constraint counts: what can be told from the rows is told before they are written, so
    only a row that came in between can break one. So does a connection that broke: before the
    commit was asked for, nothing was written.
    """
    return not is_refusal(error) and (_is_busy(error) or isinstance(error, IntegrityError))


def is_refusal(error: DBAPIError) -> bool:
    """Whether a guard of the migrations has refused a double claim."""
    return _state_of(error) == _EXCLUSION_STATE or _GUARD in str(error.orig)


def in_the_callers_words(error: DBAPIError) -> Exception:
    """What to raise instead of an error that trying again did not cure."""
    return unavailable() if _is_busy(error) else error


def is_lost(error: DBAPIError) -> bool:
    """Whether nobody can say if what was asked for has happened: the database is gone."""
    return error.connection_invalidated or _state_of(error).startswith(_UNAVAILABLE)


def unavailable() -> UnavailableError:
    """Nothing was stored, and may be if it is asked for again."""
    return UnavailableError(
        "数据库暂时无法使用，没有保存任何内容；请几秒后重试。",
        "The database cannot be used right now. Nothing was stored: try again in a few seconds.",
    )


def outcome_unknown() -> UnavailableError:
    """The database went away while it was told to keep a change."""
    return UnavailableError(
        "数据库在保存时中断，可能已保存，也可能没有；请用同一个 Idempotency-Key 重试，不会重复。",
        "The database broke off while storing: it may have been stored or not. Try again with the "
        "same Idempotency-Key, and nothing is done twice.",
    )


def _is_busy(error: DBAPIError) -> bool:
    name = getattr(error.orig, "sqlite_errorname", "")
    return (
        is_lost(error)
        or _state_of(error) in _TRY_AGAIN_STATES
        or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        or any(each in str(error.orig) for each in _MIGRATED)
    )


def _state_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
