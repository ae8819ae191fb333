"""Every route of the API, in the order of its page."""

from typing import Final

from scheduler.http import (
    adjustments,
    availability,
    calendar_imports,
    channels,
    days,
    history,
    imports,
    invitations,
    notices,
    outages,
    outcomes,
    plans,
    proposals,
    records,
    series,
    session_notes,
    sessions,
    subscriptions,
    substitutions,
    suspensions,
    waiting,
    windows,
)
from scheduler.http.routes import AnyRoute

ROUTES: Final[tuple[AnyRoute, ...]] = (
    *windows.ROUTES,
    *availability.ROUTES,
    *sessions.ROUTES,
    *session_notes.ROUTES,
    *proposals.ROUTES,
    *waiting.ROUTES,
    *series.ROUTES,
    *substitutions.ROUTES,
    *adjustments.ROUTES,
    *outages.ROUTES,
    *suspensions.ROUTES,
    *outcomes.ROUTES,
    *plans.ROUTES,
    *subscriptions.ROUTES,
    *days.ROUTES,
    *records.ROUTES,
    *calendar_imports.ROUTES,
    *imports.ROUTES,
    *invitations.ROUTES,
    *channels.ROUTES,
    *notices.ROUTES,
    *history.ROUTES,
)
