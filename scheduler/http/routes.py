"""A route is declared once: the address that is served and its page in the OpenAPI document."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from operator import attrgetter
from typing import Any, Final, Generic, Literal, TypeVar

from aiohttp import web

from calendars.text import Text
from scheduler.booking.alternatives import FindAlternatives
from scheduler.errors import InvalidWishError, SchedulerError
from scheduler.http.etags import IfMatch
from scheduler.http.queries import NoQuery
from scheduler.model import Actor, Alternative
from scheduler.store import Transaction

B = TypeVar("B")
Q = TypeVar("Q")

API: Final = "/api/v1"
JSON: Final = "application/json"
PLAIN_TEXT: Final = "text/plain"
SPREADSHEET: Final = "text/csv"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBody:
    """A request that needs no body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[B, Q]):
    """One request, read: who asks, the `id` in the address, the body, the parameters, If-Match.

    `dry_run` keeps nothing of it. `address` is where readers reach the service, `robot_hosts` where
    the operator lets robots be called besides their vendors' hosts.
    """

    actor: Actor
    id: str
    body: B
    query: Q
    if_match: IfMatch
    dry_run: bool
    address: str
    robot_hosts: frozenset[str]


def require_id_of_address(call: Call[Any, Any]) -> None:
    """Raise `InvalidWishError` if the body calls itself otherwise than the address does."""
    if call.body.id != call.id:
        raise InvalidWishError(
            f"编号须与地址中的 {call.id} 一致，编号不能更改。",
            f"The id must be that of the address, {call.id}: ids never change.",
            pointer="/id",
            value=call.body.id,
        )


MakingRoom = Callable[
    [Transaction, Call[B, Q], Sequence[Alternative]], Awaitable[FindAlternatives | None]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[B, Q]):
    """One method of one address.

    `run` asks the use case inside a transaction and returns what is answered, a value of `answer`
    (None: nothing); a question, or a dry run, may return a function that finds it, to be called in
    a thread when the transaction is over. `alternatives` is asked in a transaction of its own when
    rules say no, and returns the function that finds them; `making_room` after that, with what was
    found, for what would work if another session moved first. A dry run answers `foreseen`, where
    that differs.
    `prepare` makes of the body what `run` gets instead: what takes long, before the transaction.
    `id_of` finds the id of what was made, for its address in the list of `made_in` (else its own).
    `takes_seconds`: few such answers are sought at once, so that others need not wait for them.
    `tells_secret`: the answer holds what is stored nowhere else. `id_may_be_left_out` of a body
    that names itself. What is answered as plain text is a `Text`, a file is `bytes`.
    """

    method: Method
    path: str
    tag: Text
    summary: Text
    run: Callable[[Transaction, Call[B, Q]], Awaitable[object]]
    answer: Any
    foreseen: Any = None
    body: type[B] | type[NoBody] = NoBody
    query: type[Q] | type[NoQuery] = NoQuery
    media_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    errors: tuple[type[SchedulerError], ...] = ()
    needs_if_match: bool = False
    id_may_be_left_out: bool = False
    takes_seconds: bool = False
    tells_secret: bool = False
    id_of: Callable[[Any], str] = attrgetter("id")
    made_in: str = ""
    prepare: Callable[[web.Application, Call[B, Q]], Awaitable[object]] | None = None
    alternatives: Callable[[Transaction, Call[B, Q]], Awaitable[FindAlternatives]] | None = None
    making_room: MakingRoom[B, Q] | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.method != "GET"

    @property
    def makes_something(self) -> bool:
        """Whether its answer has an address of its own."""
        return self.status in {HTTPStatus.CREATED, HTTPStatus.ACCEPTED}

    @property
    def names_one(self) -> bool:
        """Whether the address names one thing by its id."""
        return "{id}" in self.path


AnyRoute = Route[Any, Any]
