"""What must be true after the last crash: nothing acknowledged is lost, nothing is half there."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from scheduler.checking.database import check
from scheduler.store import Store
from tests.crashes.drill import LONG_AGO, WATCHED, Drill
from tests.crashes.load import Load
from tests.crashes.wishes import WEEKS, sessions_in
from tests.services import PATIENCE

Json = dict[str, Any]
_BY_JOBS: Final = "job"


async def require_whole(drill: Drill, database: str) -> None:
    """The history tells all that was acknowledged, and `lianke check` finds nothing."""
    await require_history(drill.load)
    store = await Store.open(database)
    async with store.read(now=drill.now) as transaction:
        assert [each for each in await check(transaction) if not each.waits_for_people] == []
    await store.close()


async def require_history(load: Load) -> None:
    """Every acknowledged change is told once, and the sessions are what was told of them last."""
    entries = await load.office.everything("/audit")
    history = _history_of(entries)
    _require_acknowledged(load, entries, history)
    sessions = {each["id"]: each for each in await load.office.everything("/sessions")}
    for name, session in sessions.items():
        revisions = sorted(revision for known, revision in history if known == name)
        assert revisions == list(range(1, session["revision"] + 1))
        assert history[name, session["revision"]] == session
    _require_whole_series(sessions.values())


def _history_of(entries: Iterable[Json]) -> dict[tuple[str, int], Json]:
    """Each session at each of its revisions; none was written twice."""
    told = [each for each in entries if each["subject_kind"] == "sessions"]
    history = {(each["subject_id"], each["after"]["revision"]): each["after"] for each in told}
    assert len(history) == len(told)
    return history


def _require_acknowledged(
    load: Load, entries: Iterable[Json], history: dict[tuple[str, int], Json]
) -> None:
    """What was said yes to was done as it was told, what was refused left no trace."""
    for answer in load.done.values():
        for session in sessions_in(answer.body or {}):
            assert history[session["id"], session["revision"]] == session
    asked = {each["request"] for each in entries if each["origin"] not in {"", _BY_JOBS}}
    assert asked.isdisjoint(load.refused)
    for key, answer in load.done.items():
        if answer.status == 201:
            assert key in asked


def _require_whole_series(sessions: Iterable[Json]) -> None:
    dates = Counter(
        (each["series"], each["series_date"]) for each in sessions if each["series"] is not None
    )
    series = Counter(series for series, _ in dates)
    assert set(series.values()) <= {WEEKS}


async def require_told(drill: Drill) -> None:
    """Every notice went through each of its channels in one message, which everybody sees once."""
    notices = [
        each for each in await drill.load.office.everything("/notices") if not each["teacher"]
    ]
    messages = await _all_sent(drill, {each["id"] for each in notices})
    for channel, schools in (("all", None), ("one", {WATCHED})):
        meant = [each["id"] for each in notices if schools is None or each["school"] in schools]
        carried = Counter(
            notice for each in messages if each["channel"] == channel for notice in each["notices"]
        )
        assert carried == Counter(meant)
    by_robot = {text.rpartition("编号 ")[2].rstrip("）"): text for text in drill.robot.told}
    by_mail = {letter["Message-ID"]: letter for letter in drill.post.received}
    assert {*drill.robot.told} == {*by_robot.values()}
    for channel, shown in (("all", by_robot), ("one", by_mail)):
        parts = sum(each["parts_sent"] for each in messages if each["channel"] == channel)
        assert len(shown) == parts > 0


async def require_forgotten(drill: Drill) -> None:
    """What is too old to be kept has gone."""
    entries, notices = [await drill.load.office.everything(path) for path in ("/audit", "/notices")]
    assert min(datetime.fromisoformat(each["at"]) for each in entries) > LONG_AGO
    assert min(datetime.fromisoformat(each["created_at"]) for each in notices) > LONG_AGO


async def _all_sent(drill: Drill, notices: set[str]) -> list[Json]:
    """The messages, once all of them are sent and carry every notice."""
    async with asyncio.timeout(PATIENCE):
        while True:
            messages = await drill.load.office.everything("/messages")
            carried = {notice for each in messages for notice in each["notices"]}
            if carried >= notices and {each["state"] for each in messages} == {"sent"}:
                return messages
            await asyncio.sleep(0.2)
