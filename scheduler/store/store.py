"""The door to the database: transactions, and one method for each question a use case asks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.model import (
    Actor,
    AuditEntry,
    Notice,
    Plan,
    PlanId,
    Resource,
    Series,
    SeriesId,
    Session,
    SessionId,
    SessionState,
    Subscription,
)
from scheduler.records import Record
from scheduler.schools import AllianceBook, SchoolBook, Situation

T = TypeVar("T")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """A record with the revision its ETag is made of."""

    record: R
    revision: int


class Store:
    """A database of either engine. `url` is SQLAlchemy's: `sqlite+aiosqlite:///FILE` or
    `postgresql+asyncpg://...`.
    """

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Connect and bring the schema up to date (Alembic); safe when several processes start at once."""
        raise NotImplementedError

    async def close(self) -> None: ...

    async def write(
        self,
        use_case: "Callable[[Transaction], Awaitable[T]]",
        *,
        actor: Actor,
        now: datetime,
        dry_run: bool = False,
    ) -> T:
        """Run `use_case` in one transaction and commit it, or roll back if it raises or `dry_run`.

        Retries a bounded number of times, with jitter, when the database asks for it
        (serialization failure, deadlock, busy), so the use case must do nothing but ask the
        transaction.
        """
        raise NotImplementedError

    @asynccontextmanager
    async def read(self, *, now: datetime) -> "AsyncIterator[Transaction]":
        """A transaction that sees one state of the database and changes nothing."""
        raise NotImplementedError
        yield


class Transaction:
    """Everything between begin and commit. `actor` and `now` go into every audit row it writes."""

    actor: Actor
    now: datetime

    # Records -------------------------------------------------------------------------------------

    async def get(self, kind: type[R], id: str) -> Stored[R]:
        """One record, or `NotFoundError`."""
        raise NotImplementedError

    async def list(
        self, kind: type[R], *, school: SchoolId | None = None, after: str = "", limit: int = 100
    ) -> Sequence[Stored[R]]:
        """Records by id, those that come after `after`."""
        raise NotImplementedError

    async def put(self, record: R, *, revision: int | None) -> Stored[R]:
        """Store a record: a new one if `revision` is None (`StateError` if the id is taken), else the
        successor of that revision (`StaleError` if it is no longer current, `NotFoundError`).

        Every record it names must exist: `InvalidWishError` points at the one that does not.
        """
        raise NotImplementedError

    async def put_many(self, records: Sequence[Record]) -> int:
        """Store new or changed records in the order of `KINDS`, unchanged ones left alone; how many
        changed. One audit row for each kind and school.
        """
        raise NotImplementedError

    async def delete(self, kind: type[R], id: str, *, revision: int) -> None:
        """Remove a record, or `StateError` while another record or a session names it."""
        raise NotImplementedError

    async def require(self, value: object) -> None:
        """`InvalidWishError` for the first record that `value` names and that does not exist."""
        raise NotImplementedError

    # What decides a session ------------------------------------------------------------------------

    async def alliance(self) -> AllianceBook:
        """What belongs to no school; `NotFoundError` before an alliance is imported."""
        raise NotImplementedError

    async def books(self, schools: Iterable[SchoolId] | None = None) -> dict[SchoolId, SchoolBook]:
        """Everything these schools (all if None) have told us, from memory when unchanged."""
        raise NotImplementedError

    async def situation(self, sessions: Sequence[Session]) -> Situation:
        """The situation to judge these sessions in: schools, home schools of teachers, and the live
        sessions on their resources within a day of any of them.
        """
        raise NotImplementedError

    async def lock(self, resources: Iterable[Resource]) -> None:
        """Take the resources' rows in one order, kits of rooms included; whoever comes later waits.

        `NotFoundError` for a resource that does not exist.
        """
        raise NotImplementedError

    # Sessions --------------------------------------------------------------------------------------

    async def session(self, id: SessionId) -> Session:
        """One session, or `NotFoundError`."""
        raise NotImplementedError

    async def sessions(
        self,
        *,
        resource: Resource | None = None,
        series: SeriesId | None = None,
        within: Slot | None = None,
        states: Sequence[SessionState] = tuple(SessionState),
        after: str = "",
        limit: int | None = 100,
    ) -> Sequence[Session]:
        """Sessions by id that use the resource (any if None), touch `within` and are in `states`."""
        raise NotImplementedError

    async def due_holds(self) -> Sequence[Session]:
        """Held sessions whose hold has run out by `now`."""
        raise NotImplementedError

    async def add_session(self, session: Session) -> None:
        """Store a new session and what it claims; the database refuses a double claim (`ClashError`)."""
        raise NotImplementedError

    async def replace_session(self, before: Session, after: Session) -> None:
        """Store the successor of `before` (`StaleError` if it changed meanwhile)."""
        raise NotImplementedError

    async def series(self, id: SeriesId) -> Series:
        """One series, or `NotFoundError`."""
        raise NotImplementedError

    async def all_series(self, *, after: str = "", limit: int = 100) -> Sequence[Series]:
        raise NotImplementedError

    async def add_series(self, series: Series) -> None: ...

    async def replace_series(self, before: Series, after: Series) -> None: ...

    # Plans -----------------------------------------------------------------------------------------

    async def plan(self, id: PlanId) -> Plan:
        """One plan, or `NotFoundError`."""
        raise NotImplementedError

    async def plans(self, *, after: str = "", limit: int = 100) -> Sequence[Plan]:
        raise NotImplementedError

    async def add_plan(self, plan: Plan) -> None: ...

    async def replace_plan(self, before: Plan, after: Plan) -> None: ...

    async def claim_waiting_plan(self) -> Plan | None:
        """A plan that waits for a solver, locked so that no other process takes it; None if none."""
        raise NotImplementedError

    # Who may ask, what was answered, what is told -----------------------------------------------

    async def add_token(
        self, token_hash: bytes, actor: Actor, *, expires_at: datetime | None
    ) -> None:
        """Let the bearer of a token act as `actor`."""
        raise NotImplementedError

    async def actor_of(self, token_hash: bytes) -> Actor:
        """Whose token it is, or `UnknownTokenError`."""
        raise NotImplementedError

    async def remembered(self, key: str, fingerprint: bytes) -> bytes | None:
        """The answer once given to this actor's idempotency key; `ReusedKeyError` for another request."""
        raise NotImplementedError

    async def remember(self, key: str, fingerprint: bytes, answer: bytes) -> None:
        """Keep the answer with the write it acknowledges."""
        raise NotImplementedError

    async def add_notices(self, notices: Sequence[Notice]) -> None: ...

    async def notices(
        self, *, school: SchoolId | None = None, after: str = "", limit: int = 100
    ) -> Sequence[Notice]:
        raise NotImplementedError

    async def audit(
        self, *, subject_id: str | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[AuditEntry]:
        raise NotImplementedError

    # Feeds -----------------------------------------------------------------------------------------

    async def add_subscription(self, subscription: Subscription, token_hash: bytes) -> None: ...

    async def subscription_opened_by(self, token_hash: bytes) -> Subscription:
        """The subscription that is not revoked, or `NotFoundError`."""
        raise NotImplementedError

    async def subscription(self, id: str) -> Subscription:
        raise NotImplementedError

    async def subscriptions(self, *, after: str = "", limit: int = 100) -> Sequence[Subscription]:
        raise NotImplementedError

    async def replace_subscription(self, before: Subscription, after: Subscription) -> None: ...

    async def feed_revision(self, subscription: Subscription) -> str:
        """A value that changes whenever anything the feed shows may have changed: its sessions, and
        the names of schools, rooms, teachers and classes. One cheap query.
        """
        raise NotImplementedError
