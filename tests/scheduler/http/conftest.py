"""A service over a real SQLite store with three schools, and people who may do different things."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from calendars.bells import SchoolId
from scheduler.http.app import make_app
from scheduler.http.at_hand import answer_polls_first
from scheduler.members import LinkPool, LinkPoolId, School
from scheduler.model import Actor, ActorRole
from scheduler.records import Record
from scheduler.store import Store, Transaction
from scheduler.tokens import hash_of
from tests.builders import NOW, a_class, a_room, a_teacher, a_term, an_alliance, some_bells
from tests.conftest import KEYRING

ADDRESS: Final = "https://lianke.example"
SCHOOLS: Final = ("TF1", "JS", "CB")
PEOPLE: Final[Mapping[str, Actor]] = {
    "office": Actor(name="联盟办公室", role=ActorRole.ALLIANCE_ADMIN),
    "TF1-coordinator": Actor(
        name="天府一小教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("TF1")
    ),
    "JS-coordinator": Actor(
        name="锦水教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("JS")
    ),
    "CB-coordinator": Actor(
        name="城北教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("CB")
    ),
    "it": Actor(name="电教", role=ActorRole.IT_SUPPORT, school=SchoolId("TF1")),
    "teacher": Actor(name="TF1 教师1", role=ActorRole.TEACHER, school=SchoolId("TF1")),
    "observer": Actor(name="教研员", role=ActorRole.OBSERVER),
    "display": Actor(name="大厅屏幕", role=ActorRole.DISPLAY, school=SchoolId("TF1")),
}


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass(frozen=True)
class Caller:
    """Somebody who speaks to the API with a token and reads English."""

    client: TestClient[Any, Any]
    token: str

    async def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> ClientResponse:
        address = path if path.startswith("/api") else f"/api/v1{path}"
        given = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        answer = await self.client.request(
            method, address, headers=given | dict(headers or {}), **sent
        )
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and "json" in sent:
            _require_places(await answer.json(), sent["json"])
        return answer

    async def get(self, path: str, **sent: Any) -> Any:
        answer = await self("GET", path, **sent)
        assert answer.status == 200, await answer.text()
        return await answer.json()


def _require_places(problem: Any, sent: Any) -> None:
    """Every fault stands at a place of what was sent, or at a member that is missing there."""
    for fault in problem.get("errors", ()):
        pointer, whole = fault["pointer"], sent
        if pointer.startswith(("?", "Id", "If")):
            continue
        assert pointer or not isinstance(sent, dict), f"Nothing is blamed: {problem}"
        for step in pointer.split("/")[1:-1]:
            whole = whole[int(step)] if isinstance(whole, list) else whole[step]
        assert not pointer or isinstance(whole, dict | list), f"{pointer} is nowhere in {sent}"


As = Callable[[str], Caller]


def alliance_records() -> list[Record]:
    """An alliance with a bridge, and three schools with all they need for a lesson."""
    found: list[Record] = [
        an_alliance().alliance,
        LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2),
    ]
    for school in SCHOOLS:
        found += [
            School(id=SchoolId(school), name=school),
            *(a_room(school, no) for no in (1, 2)),
            *(a_teacher(school, no) for no in (1, 2, 3)),
            *(a_class(school, no) for no in (1, 2)),
            a_term(school),
            some_bells(school),
        ]
    return found


async def settle(store: Store) -> None:
    """Let the alliance and everybody of PEOPLE in; a token is its bearer's name here."""

    async def let_in(transaction: Transaction) -> None:
        await transaction.put_many(alliance_records())
        for name, actor in PEOPLE.items():
            await transaction.add_token(hash_of(name), actor, expires_at=None)

    await store.write(let_in, actor=PEOPLE["office"], now=NOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """The alliance's store. SQLite is enough here: its own tests ask both engines."""
    file = tmp_path / "lianke.sqlite"
    shutil.copy(migrated_file, file)
    opened = await Store.open(f"sqlite+aiosqlite:///{file}", keyring=KEYRING)
    await settle(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def client(store: Store, clock: Clock) -> AsyncIterator[TestClient[Any, Any]]:
    server = TestServer(make_app(store, clock=clock, address=ADDRESS))
    async with TestClient(server) as opened:
        answer_polls_first(cast("web.AppRunner", server.runner))
        yield opened


@pytest.fixture
def as_(client: TestClient[Any, Any]) -> As:
    """The API as one of PEOPLE."""
    return lambda name: Caller(client, name)


@pytest.fixture
def office(as_: As) -> Caller:
    return as_("office")


@pytest.fixture
def booking() -> dict[str, Any]:
    """A lesson of TF1 for JS that breaks no rule, on a Tuesday at 14:00."""
    return {
        "title": "三年级音乐",
        "subject": "音乐",
        "grade": 3,
        "link_pool": "bridge",
        "slot": {"starts": "2026-09-08T14:00:00+08:00", "ends": "2026-09-08T14:40:00+08:00"},
        "sites": [
            {
                "school": school,
                "role": role,
                "room": f"{school}-R1",
                "teacher": f"{school}-T1",
                "class_groups": [f"{school}-C1"],
            }
            for school, role in (("TF1", "lead"), ("JS", "listen"))
        ],
    }
