"""Link tests: each school says whether it reached the others, and what to do where it did not."""

from collections.abc import Callable
from typing import Final

from calendars.text import Text
from scheduler.disruptions.link_tests import LinkStatus, LinkTested, link_status, record_link_test
from scheduler.errors import ForbiddenError, NotFoundError, StateError
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Session, SessionId
from scheduler.store import Transaction


async def _status(transaction: Transaction, call: Call[NoBody, object]) -> Callable[[], LinkStatus]:
    return await link_status(transaction, SessionId(call.id))


async def _tested(transaction: Transaction, call: Call[LinkTested, object]) -> Session:
    return await record_link_test(transaction, SessionId(call.id), call.body)


_TAG: Final = Text("联调", "Link tests")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/sessions/{id}/link-tests",
        tag=_TAG,
        summary=Text(
            "各校联调是否通过（绿、黄、红），红灯时附应急方案",
            "How the link tests of a session stand (green, amber, red), and the fallback if red",
        ),
        answer=LinkStatus,
        errors=(NotFoundError,),
        run=_status,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/link-tests",
        tag=_TAG,
        summary=Text("登记一所学校的联调结果", "Tell how the link test of a school went"),
        body=LinkTested,
        answer=Session,
        errors=(NotFoundError, ForbiddenError, StateError),
        run=_tested,
    ),
)
