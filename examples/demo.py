"""`make demo`: the example alliance imported, its term allocated and published, then served.

The clock of the demo starts a week before the term, so that the whole term lies ahead.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from time import perf_counter
from typing import Final

from rich.console import Console

from calendars.bells import SchoolId
from examples.generate import FOLDER
from scheduler import feeds, planning
from scheduler.command_line.allocating import plan_term, publish_plan, show_plan
from scheduler.command_line.terminal import OPERATOR, with_store
from scheduler.exchange import import_files
from scheduler.model import Actor, ActorRole, Scope
from scheduler.settings import Settings
from scheduler.store import Store, Transaction
from scheduler.tokens import issue_token
from service import clock_of, serve_with

EVE: Final = datetime(2026, 8, 24, 0, 0, tzinfo=UTC)
DATA: Final = Path("demo")
console: Final = Console(soft_wrap=True, highlight=False)
PEOPLE: Final = (
    Actor(name="联盟办公室", role=ActorRole.ALLIANCE_ADMIN),
    Actor(name="周主任 (TF1)", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("TF1")),
    Actor(name="汪主任 (CB)", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("CB")),
    Actor(name="电教员 (CB)", role=ActorRole.IT_SUPPORT, school=SchoolId("CB")),
    Actor(name="黄慧", role=ActorRole.TEACHER, school=SchoolId("TF1")),
)
CALENDARS: Final = (
    (Scope.TEACHER, "TF1-YY1"),
    (Scope.SCHOOL, "CB"),
    (Scope.ROOM, "TF1-R1"),
)
STEPS: Final = """\
API={api}
TOKEN={token}
FEED={feed}
show() {{ {python} -m json.tool --no-ensure-ascii; }}   # JSON, readable

# 1. 找共同时间 Which windows do three schools share on a Tuesday, and what does each get of them?
curl -s -H "Authorization: Bearer $TOKEN" \\
  "$API/windows?schools=TF1,CB,JYS&lead=TF1&date=2026-09-08" | show

# 2. 哪些教室空着 Which rooms are free on that morning? (In term: at=now, at=today, at=week.)
curl -s -H "Authorization: Bearer $TOKEN" \\
  "$API/availability?state=free&starts=2026-09-08T00:00:00Z&ends=2026-09-08T04:00:00Z" | show

# 3. 预约 Book a joint research meeting of two music teachers.
curl -s -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  "$API/sessions" -d '{{"title": "音乐磨课", "kind": "joint_research", "subject": "音乐",
  "slot": {{"starts": "2026-09-10T16:20:00+08:00", "ends": "2026-09-10T17:20:00+08:00"}},
  "sites": [{{"school": "TF1", "role": "lead", "room": "TF1-R1", "teacher": "TF1-YY1"}},
            {{"school": "JS", "role": "listen", "room": "JS-R1", "teacher": "JS-YY1"}}]}}' | show

# 4. 再约一次, 被拒绝并给出替代 Refused: every reason, and what would work instead.
curl -s -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -H "Accept-Language: en" \\
  "$API/sessions" -d '{{"title": "音乐磨课", "kind": "joint_research", "subject": "音乐",
  "slot": {{"starts": "2026-09-10T16:40:00+08:00", "ends": "2026-09-10T17:40:00+08:00"}},
  "sites": [{{"school": "TF1", "role": "lead", "room": "TF1-R1", "teacher": "TF1-YY1"}},
            {{"school": "JS", "role": "listen", "room": "JS-R1", "teacher": "JS-YY1"}}]}}' | show

# 5. 看日历变化 Her calendar shows it (待确认: held until both agree); its tag then answers 304.
curl -s "$FEED" | grep -a 待确认
TAG=$(curl -sI "$FEED" | tr -d '\\r' | sed -n 's/^[Ee][Tt]ag: //p')
curl -s -o /dev/null -w '%{{http_code}}\\n' -H "If-None-Match: $TAG" "$FEED"
"""


@dataclass(frozen=True)
class Keys:
    """What a newcomer needs to get in."""

    tokens: Sequence[tuple[Actor, str]]
    calendars: Sequence[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--prepare-only", action="store_true", help="stop before serving")
    chosen = parser.parse_args()
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    settings = Settings(
        database=f"sqlite+aiosqlite:///{DATA / 'lianke.sqlite'}",
        port=chosen.port,
        clock_starts_at=EVE,
        secret_key=token_urlsafe(32),
    )
    keys = with_store(settings, lambda store: prepare(store, settings))
    show(settings, keys)
    if not chosen.prepare_only:
        serve_with(settings)


async def prepare(store: Store, settings: Settings) -> Keys:
    """Import, allocate, publish, and open a door for everybody."""
    clock = clock_of(settings)
    started = perf_counter()
    files = {path.name: path.read_bytes() for path in FOLDER.glob("*.csv")}
    imported = await store.write(
        lambda transaction: import_files(transaction, files), actor=OPERATOR, now=clock()
    )
    console.print(f"[1/3] 导入 imported {imported.records} records (示意数据 illustrative)")
    plan = await plan_term(store, clock, planning.PlanWish(seconds=20))
    show_plan(plan)
    console.print(f"[2/3] 排课 allocated in {perf_counter() - started:.0f} s")
    published = await publish_plan(store, clock, plan)
    sessions = sum(len(series.booked) for series in published.booked)
    console.print(f"[3/3] 发布 published {len(published.booked)} series, {sessions} sessions\n")
    return await store.write(
        lambda transaction: open_doors(transaction, settings.address), actor=OPERATOR, now=clock()
    )


async def open_doors(transaction: Transaction, address: str) -> Keys:
    """A token for everybody and a few calendars."""
    tokens = [(actor, await issue_token(transaction, actor)) for actor in PEOPLE]
    calendars = []
    for scope, subject in CALENDARS:
        wish = feeds.SubscriptionWish(scope=scope, subject_id=subject, owner="demo")
        _, token = await feeds.subscribe(transaction, wish)
        calendars.append((f"{scope} {subject}", f"{address}/feeds/{token}.ics"))
    return Keys(tokens, calendars)


def show(settings: Settings, keys: Keys) -> None:
    """The addresses, a sign-in for each role, and what to try next."""
    api = f"{settings.address}/api/v1"
    console.print(f"[bold]API 文档 docs[/]  {api}/docs   (OpenAPI: {api}/openapi.json)")
    console.print("[bold]登录令牌 bearer tokens[/]")
    for actor, token in keys.tokens:
        console.print(f"  {actor.role:<19} {actor.name:<12} {token}", markup=False)
    console.print("[bold]日历地址 calendar feeds[/]  (the clock of this demo starts on 2026-08-24)")
    for name, address in keys.calendars:
        console.print(f"  {name:<16} {address}", markup=False)
    steps = STEPS.format(
        api=api, token=keys.tokens[0][1], feed=keys.calendars[0][1], python=sys.executable
    )
    (DATA / "try.sh").write_text(steps, encoding="utf-8")
    console.print("[bold]接下来试试 what to try next[/]  (copy and paste, or: sh demo/try.sh)\n")
    console.print(steps, markup=False)


if __name__ == "__main__":
    main()
