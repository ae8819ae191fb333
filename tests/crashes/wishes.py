"""What people of six schools wish for all day: contested places, series, answers, moves, outages.

Each chooses by chance among what is known to all, and often comes too late.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from calendars.slots import Slot
from scheduler.model import Booking, Kind, Role, SiteWish
from tests.builders import TUESDAY, at
from tests.scheduler.desk import a_booking, a_series, a_wish, weekly
from tests.services import Client

Json = dict[str, Any]
SCHOOLS: Final = ("TF1", "JS", "CB", "WA", "QB", "GD")
TIMES: Final = ("8:00", "10:00", "14:00", "16:10", "16:50")
DATES: Final = 24
WEEKS: Final = 4


@dataclass(frozen=True)
class Wish:
    """A change that somebody asks for; `revision` is what they have read."""

    by: str
    method: str
    path: str
    body: object = None
    revision: int | None = None


@dataclass
class Known:
    """What everybody has been told so far, each thing as it was told last."""

    sessions: dict[str, Json] = field(default_factory=dict)
    series: dict[str, Json] = field(default_factory=dict)
    proposals: dict[str, Json] = field(default_factory=dict)
    outages: dict[str, Json] = field(default_factory=dict)

    def hear(self, body: Json | None, path: str) -> None:
        """Remember what an answer tells."""
        if body is None:
            return
        told = {each["id"]: each for each in sessions_in(body)}
        self.sessions |= {
            name: session
            for name, session in told.items()
            if session["revision"] >= self.sessions.get(name, session)["revision"]
        }
        if "places" in body:
            self.proposals[body["id"]] = body
        if "series" in body and "booked" in body:
            self.series[body["series"]["id"]] = body["series"]
        if path == "/outages":
            self.outages[body["id"]] = body


def sessions_in(body: Json) -> list[Json]:
    """The sessions that an answer acknowledges."""
    if "sequence" in body:
        return [body]
    several = body.get("booked") or body.get("items") or body.get("sessions") or ()
    found = [each.get("session") if "refusal" in each else each for each in several]
    return [each for each in found if each is not None and "sequence" in each]


@dataclass(frozen=True)
class Chooser:
    """Finds a wish; `office` may be asked what could be done."""

    dice: Random
    known: Known
    office: Client

    async def wish(self) -> Wish | None:
        """Something to do, or None if there is nothing of that kind to do it to."""
        find = self.dice.choices(tuple(_OFTEN), tuple(_OFTEN.values()))[0]
        return await find(self)

    async def book(self) -> Wish:
        booking = self._booking()
        lead = booking.sites[0].school
        return Wish(self.dice.choice(("office", lead, lead)), "POST", "/sessions", booking)

    async def book_series(self) -> Wish:
        sites = self._sites(lesson=False)
        lead = sites[0].school
        day = self.dice.randint(2, 5)  # the term begins on a Tuesday
        wanted = weekly(day, self.dice.choice(TIMES), weeks=f"1-{WEEKS}")
        wish = a_series(kind=Kind.JOINT_RESEARCH, sites=sites, weekly=wanted, term=f"{lead}-2026-1")
        return Wish(self.dice.choice(("office", lead)), "POST", "/series", wish)

    async def wait(self) -> Wish:
        return Wish("office", "POST", "/waiting-list", {"booking": self._booking()})

    async def move(self) -> Wish | None:
        if (session := self._a_session()) is None:
            return None
        change = {"slot": self._slot(), "reason": "改期"}
        return Wish("office", "PATCH", f"/sessions/{session['id']}", change, session["revision"])

    async def propose(self) -> Wish | None:
        if (session := self._a_session("confirmed")) is None:
            return None
        path, change = f"/sessions/{session['id']}/proposals", {"slot": self._slot()}
        return Wish(self._of(session), "POST", path, change, session["revision"])

    async def swap(self) -> Wish | None:
        one, other = self._a_session(), self._a_session()
        if one is None or other is None or one["id"] == other["id"]:
            return None
        wish = {"other": other["id"], "other_revision": other["revision"], "what": "times"}
        return Wish("office", "POST", f"/sessions/{one['id']}/swap", wish, one["revision"])

    async def cancel(self) -> Wish | None:
        if (session := self._a_session()) is None:
            return None
        path = f"/sessions/{session['id']}/cancellation"
        return Wish("office", "POST", path, {"reason": "停电"}, session["revision"])

    async def answer(self) -> Wish | None:
        """Say yes or no to a session that waits for it."""
        if (session := self._a_session("held")) is None:
            return None
        school = self._asked_in(session)
        path = f"/sessions/{session['id']}/answers"
        return Wish(school, "POST", path, self._says(school), session["revision"])

    async def answer_series(self) -> Wish | None:
        if not self.known.series:
            return None
        series = self.dice.choice(list(self.known.series.values()))
        school = self.dice.choice(series["sites"])["school"]
        return Wish(school, "POST", f"/series/{series['id']}/answers", self._says(school))

    async def cancel_series(self) -> Wish | None:
        if not self.known.series:
            return None
        series = self.dice.choice(list(self.known.series.values()))
        wish = {"from_date": self._date().isoformat(), "reason": "停电"}
        path = f"/series/{series['id']}/cancellation"
        return Wish("office", "POST", path, wish, series["revision"])

    async def answer_proposal(self) -> Wish | None:
        open_ones = [each for each in self.known.proposals.values() if each["state"] == "open"]
        if not open_ones:
            return None
        proposal = self.dice.choice(open_ones)
        school = self._asked_in(self.dice.choice(proposal["places"])["after"])
        path = f"/proposals/{proposal['id']}/answers"
        return Wish(school, "POST", path, self._says(school), proposal["revision"])

    async def mark_outage(self) -> Wish:
        room, name = self._room(), f"out-{self.dice.getrandbits(64):x}"
        outage = {"id": name, "school": room.partition("-")[0], "room": room, "reason": "话筒无声"}
        return Wish("office", "POST", "/outages", outage | {"slot": self._slot(120)})

    async def end_outage(self) -> Wish | None:
        if not self.known.outages:
            return None
        name = self.dice.choice(list(self.known.outages))
        return Wish("office", "DELETE", f"/outages/{name}", revision=1)

    async def remedy(self) -> Wish | None:
        """Take up what is proposed for whom an outage hits."""
        if not self.known.outages:
            return None
        path = f"/outages/{self.dice.choice(list(self.known.outages))}"
        hit = await self.office("GET", f"{path}/affected-sessions")
        found = [each for each in (hit.body.get("items") or ()) if each["replacements"]]
        remedies = [
            {name: each["replacements"][0][name] for name in ("slot", "sites", "link_pool")}
            | {"session": each["session"]["id"], "revision": each["session"]["revision"]}
            for each in found
        ]
        return Wish("office", "POST", f"{path}/remedies", {"remedies": remedies}) if found else None

    def _booking(self) -> Booking:
        is_lesson = self.dice.random() < 0.3
        slot = at("16:10", on=self._date()) if is_lesson else self._slot()
        kind = Kind.LESSON if is_lesson else Kind.JOINT_RESEARCH
        return a_booking(kind=kind, sites=self._sites(lesson=is_lesson), slot=slot)

    def _sites(self, *, lesson: bool) -> tuple[SiteWish, ...]:
        schools = self.dice.sample(SCHOOLS, self.dice.choice((2, 2, 3)))
        return tuple(
            a_wish(
                school,
                Role.LISTEN if no else Role.LEAD,
                room=self.dice.choice((None, f"{school}-R1", f"{school}-R2")),
                teacher=f"{school}-T{self.dice.randint(1, 3)}",
                class_groups=(f"{school}-C{self.dice.randint(1, 2)}",) if lesson else (),
            )
            for no, school in enumerate(schools)
        )

    def _slot(self, minutes: int = 40) -> Slot:
        return at(self.dice.choice(TIMES), minutes, on=self._date())

    def _date(self) -> date:
        weeks, weekday = divmod(self.dice.randrange(DATES), 4)
        return TUESDAY + timedelta(days=7 * weeks + weekday)

    def _room(self) -> str:
        return f"{self.dice.choice(SCHOOLS)}-R{self.dice.randint(1, 2)}"

    def _a_session(self, *states: str) -> Json | None:
        wanted = states or ("held", "confirmed")
        found = [each for each in self.known.sessions.values() if each["state"] in wanted]
        return self.dice.choice(found) if found else None

    def _of(self, session: Json) -> str:
        school: str = self.dice.choice(session["sites"])["school"]
        return school

    def _asked_in(self, session: Json) -> str:
        asked = [each["school"] for each in session["sites"] if each["state"] == "held"]
        return self.dice.choice(asked) if asked else self._of(session)

    def _says(self, school: str) -> Json:
        if self.dice.random() < 0.8:
            return {"school": school, "says": "yes"}
        return {"school": school, "says": "no", "reason": "考试"}


_OFTEN: Final[dict[Callable[[Chooser], Awaitable[Wish | None]], int]] = {
    Chooser.book: 30,
    Chooser.book_series: 8,
    Chooser.wait: 4,
    Chooser.move: 12,
    Chooser.propose: 10,
    Chooser.swap: 5,
    Chooser.cancel: 5,
    Chooser.answer: 20,
    Chooser.answer_series: 6,
    Chooser.cancel_series: 2,
    Chooser.answer_proposal: 16,
    Chooser.mark_outage: 4,
    Chooser.end_outage: 2,
    Chooser.remedy: 5,
}
