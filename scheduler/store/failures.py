"""What a driver's error means: that somebody else was quicker, or that a guard refused a row."""

from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError

_TRY_AGAIN_STATES: Final = {
    "40001",  # serialization failure
    "40P01",  # deadlock detected
    "55P03",  # lock not available
}
_GUARD: Final = "lianke:"
"""Begins the message of every guard, and the name of no other."""
_EXCLUSION_STATE: Final = "23P01"


def asks_to_try_again(error: DBAPIError) -> bool:
    """Whether the same work may succeed if it is done again from the start.

    A broken constraint counts: what can be told from the rows is told before they are written, so
    only a row that came in between can break one.
    """
    if is_refusal(error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    name = getattr(error.orig, "sqlite_errorname", "")
    return (
        state in _TRY_AGAIN_STATES
        or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        or isinstance(error, IntegrityError)
    )


def is_refusal(error: DBAPIError) -> bool:
    """Whether a guard of the migrations has refused a double claim."""
    return getattr(error.orig, "sqlstate", None) == _EXCLUSION_STATE or _GUARD in str(error.orig)
