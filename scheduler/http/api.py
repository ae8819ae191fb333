"""Every route of the API, in the order of its page."""

from typing import Final

from scheduler.http import history, records, sessions
from scheduler.http.routes import AnyRoute

ROUTES: Final[tuple[AnyRoute, ...]] = (
    *history.ROUTES[:1],
    *sessions.ROUTES,
    *records.ROUTES,
    *history.ROUTES[1:],
)
