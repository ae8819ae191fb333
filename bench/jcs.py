"""Allocate an instance of the jcs-1 format with the product's own search, for an outside checker.

The format knows a week of days, one list of bells a school and weeks that a session is held in:
an adapter states it as a weekly problem, the allocation searches it, the answer is written back.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fair import Schools, with_fair
from scheduler.allocation.weekly.changes import Change
from scheduler.allocation.weekly.fewest_moves import repair_weekly
from scheduler.allocation.weekly.problem import (
    Activity,
    Chosen,
    Link,
    LinkUse,
    Place,
    Presence,
    RoomNeed,
    WeeklyAnswer,
    WeeklyProblem,
)
from scheduler.allocation.weekly.report import Progress
from scheduler.allocation.weekly.solve import solve_weekly

OFF_BELL, CUT, OTHER_DAY, LATE = 3, 2, 2, 3
"""What the format charges: a start at no bell of the lead school, each further period cut, ..."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Busy:
    """The ticks of a day that people's own lessons take, by whether odd or even weeks are meant."""

    odd: int
    even: int


class Instance:
    """What is looked up of an instance again and again."""

    def __init__(self, instance: Json) -> None:
        self.days: int = instance["days"]
        self.window: tuple[int, int] = tuple(instance["day_window"])
        self.step: int = instance["start_step"]
        self.lessons: dict[str, list[list[Any]]] = {
            f"{kind}:{key}": lessons
            for kind in ("teachers", "classes")
            for key, lessons in instance[kind].items()
        }
        schools = instance["schools"]
        self.bells = {school["id"]: [tuple(bell) for bell in school["bells"]] for school in schools}
        self.begins = {key: {starts for starts, _ in bells} for key, bells in self.bells.items()}
        self.rooms = {school["id"]: school["rooms"] for school in schools}
        self.numbers = {school["id"]: number for number, school in enumerate(schools)}
        self._people: dict[str, int] = {}
        self._busy: dict[tuple[str, tuple[str, ...]], tuple[Busy, ...]] = {}

    def person(self, who: str) -> int:
        return self._people.setdefault(who, len(self._people))

    def busy(self, who: str, release: list[str]) -> tuple[Busy, ...]:
        """By day; lessons that are released for the session do not count."""
        key = (who, tuple(release))
        if key not in self._busy:
            taken = [[0, 0] for _ in range(self.days)]
            for lesson, day, starts, ends, weeks in self.lessons.get(who, ()):
                if lesson not in release:
                    stretch = self.ticks(starts, ends)
                    taken[day][0] |= stretch if weeks in "AO" else 0
                    taken[day][1] |= stretch if weeks in "AE" else 0
            self._busy[key] = tuple(Busy(odd, even) for odd, even in taken)
        return self._busy[key]

    @staticmethod
    def ticks(starts: int, ends: int) -> int:
        """A stretch as a bit set over minutes."""
        return (1 << ends) - (1 << starts)


def people_of(session: Json) -> list[tuple[str, list[str]]]:
    """Teachers and classes, each with the lessons they are released from."""
    return [
        (f"{kind}:{part['school']}/{part[role]}", part["release"])
        for part in session["parts"]
        for kind, role in (("teachers", "teacher"), ("classes", "class"))
    ]


def starts_of(session: Json, instance: Instance) -> list[int]:
    first, last = instance.window[0], instance.window[1] - session["dur"]
    if session["start_rule"] == "any":
        return list(range(-(-first // instance.step) * instance.step, last + 1, instance.step))
    bells = set().union(*(instance.begins[part["school"]] for part in session["parts"]))
    return sorted(start for start in bells if first <= start <= last and start % instance.step == 0)


def burdens_of(session: Json, starts: int, instance: Instance) -> list[tuple[str, int]]:
    """What a start costs each school that bears it."""
    ends = starts + session["dur"]
    found = []
    for part in session["parts"]:
        school = part["school"]
        if part["role"] == "lead":
            points = 0 if starts in instance.begins[school] else OFF_BELL
        else:
            cut = sum(begins < ends and over > starts for begins, over in instance.bells[school])
            points = CUT * max(0, cut - 1)
        found.append((school, points))
    return found


def cost_of_time(session: Json, day: int, starts: int) -> int:
    preferred, late = session.get("pref_days"), session.get("avoid_after")
    cost = OTHER_DAY if preferred and day not in preferred else 0
    return cost + (LATE if late is not None and starts >= late else 0)


def room_needs(session: Json, instance: Instance) -> tuple[RoomNeed, ...]:
    weeks = set(session["weeks"])
    return tuple(
        RoomNeed(
            instance.numbers[part["school"]],
            sum(
                1 << number
                for number, room in enumerate(instance.rooms[part["school"]])
                if room["cap"] >= part["size"]
                and (room["host"] or part["role"] != "lead")
                and weeks.isdisjoint(room.get("closed", ()))
            ),
        )
        for part in session["parts"]
    )


def places_of(number: int, session: Json, instance: Instance) -> Iterator[Place]:
    """Everywhere a session could be held by itself."""
    needs = room_needs(session, instance)
    if not all(need.rooms for need in needs):
        return
    people = people_of(session)
    presences = tuple(sorted({Presence(instance.person(who)) for who, _ in people}, key=repr))
    if len(presences) < len(people):
        return
    odd = any(week % 2 for week in session["weeks"])
    even = any(week % 2 == 0 for week in session["weeks"])
    weeks = sum(1 << week * instance.days for week in session["weeks"])
    starts_and_burdens = [
        (starts, sum(points for _, points in burdens_of(session, starts, instance)))
        for starts in starts_of(session, instance)
    ]
    for day in range(instance.days):
        taken = 0
        for who, release in people:
            busy = instance.busy(who, release)[day]
            taken |= (busy.odd if odd else 0) | (busy.even if even else 0)
        for starts, burden in starts_and_burdens:
            ends = starts + session["dur"]
            if not taken & instance.ticks(starts, ends):
                yield Place(
                    activity=number,
                    day=day,
                    dates=weeks << day,
                    starts=starts,
                    ends=ends,
                    people=presences,
                    needs=needs,
                    links=(LinkUse(0),),
                    cost=burden + cost_of_time(session, day, starts),
                )


def state(raw: Json) -> WeeklyProblem:
    """The instance as the abstract problem of the allocation."""
    instance = Instance(raw)
    places: list[Place] = []
    activities = []
    for number, session in enumerate(raw["sessions"]):
        first = len(places)
        places.extend(places_of(number, session, instance))
        activities.append(Activity(range(first, len(places)), weight=len(session["parts"])))
    return WeeklyProblem(
        activities=tuple(activities),
        places=tuple(places),
        buffers=tuple((0,) * len(school["rooms"]) for school in raw["schools"]),
        links=(Link(raw["bridge"]),),
    )


def published_of(
    raw: Json, problem: WeeklyProblem
) -> tuple[tuple[Chosen, ...], tuple[Change, ...]]:
    """What is published, where it is still a place, and what it disturbs to be elsewhere.

    A session that moves counts more than all rooms together. A room that is gone gets a number too
    high.
    """
    rooms = {
        school["id"]: {room["id"]: number for number, room in enumerate(school["rooms"])}
        for school in raw["schools"]
    }
    moved = 1 + sum(len(session["parts"]) for session in raw["sessions"])
    before = []
    changes: list[Change] = []
    for number, session in enumerate(raw["sessions"]):
        held = raw["published"]["assign"].get(str(session["id"]))
        places = problem.activities[number].places
        if held is None:
            needs = (0,) * len(session["parts"])
            changes += [Change(0, needs, needs)] * len(places)
            continue
        numbers = tuple(
            rooms[part["school"]].get(room, len(rooms[part["school"]]))
            for part, room in zip(session["parts"], held["rooms"], strict=True)
        )
        own = tuple(1 << room for room in numbers)
        for place in places:
            stays = (problem.places[place].day, problem.places[place].starts) == (
                held["day"],
                held["start"],
            )
            changes.append(Change(0 if stays else moved, own, (1,) * len(own)))
            if stays:
                before.append(Chosen(place, numbers))
    return tuple(before), tuple(changes)


def burdens_by_place(raw: Json, problem: WeeklyProblem) -> list[list[tuple[str, int]]]:
    """What each place costs each school that bears it."""
    instance = Instance(raw)
    known: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for place in problem.places:
        if (key := (place.activity, place.starts)) not in known:
            session = raw["sessions"][place.activity]
            known[key] = burdens_of(session, place.starts, instance)
    return [known[place.activity, place.starts] for place in problem.places]


def allocated(
    raw: Json, problem: WeeklyProblem, wish: argparse.Namespace, seconds: float
) -> WeeklyAnswer:
    """The best answer by soft cost, and on demand by that and `fair` together."""
    share = 0.5 if wish.fair else 1.0
    begun = perf_counter()
    answer = solve_weekly(problem, seconds=seconds * share, seed=wish.seed, on_progress=tell)
    schools = Schools.of(raw, burdens_by_place(raw, problem))
    if answer.unplaced:
        return answer
    if wish.fair:
        left = max(0.0, seconds - (perf_counter() - begun))
        answer, least = with_fair(problem, answer, schools, seconds=left, seed=wish.seed)
        print(f"score {answer.cost + schools.fair(answer)}  no answer scores less than {least}")
    print(f"soft {answer.cost}  fair {schools.fair(answer)}")
    return answer


def solution_of(raw: Json, problem: WeeklyProblem, answer: WeeklyAnswer) -> Json:
    """The answer as the checker reads it."""
    rooms = {school["id"]: school["rooms"] for school in raw["schools"]}
    assigned: Json = {str(session["id"]): None for session in raw["sessions"]}
    for chosen in answer.chosen:
        session = raw["sessions"][problem.places[chosen.place].activity]
        assigned[str(session["id"])] = _assignment(session, problem, chosen, rooms)
    return {"assign": assigned}


def _assignment(session: Json, problem: WeeklyProblem, chosen: Chosen, rooms: Json) -> Json:
    place = problem.places[chosen.place]
    return {
        "day": place.day,
        "start": place.starts,
        "rooms": [
            rooms[part["school"]][room]["id"]
            for part, room in zip(session["parts"], chosen.rooms, strict=True)
        ],
    }


def tell(progress: Progress) -> None:
    bound = "none" if progress.bound is None else progress.bound
    print(
        f"{progress.seconds:7.2f} s  unplaced {progress.unplaced}  incumbent {progress.cost}"
        f"  bound {bound}{_gap(progress.cost, progress.bound)}",
        flush=True,
    )


def _gap(cost: int, bound: int | None) -> str:
    return "" if bound is None else f"  gap {(cost - bound) / max(1, cost):.1%}"


def repair(raw: Json, problem: WeeklyProblem, *, seconds: float, seed: int) -> WeeklyAnswer:
    """What is published, changed as little as possible."""
    before, changes = published_of(raw, problem)
    repaired = repair_weekly(problem, before, changes, seconds=seconds, seed=seed)
    price = max((each.points for each in changes), default=1) or 1
    moved, rooms = divmod(repaired.points, price)
    proven = "unknown" if repaired.least is None else f"{repaired.least // price}"
    print(f"moved {moved}  proven necessary {proven}  other rooms {rooms}")
    return repaired.answer


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instance", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--fair", action="store_true", help="soft cost and `fair` together, not soft cost alone"
    )
    parser.add_argument(
        "--published", action="store_true", help="change what is published as little as possible"
    )
    wish = parser.parse_args(arguments)
    begun = perf_counter()
    try:
        raw = json.loads(wish.instance.read_bytes())
        problem = state(raw)
    except (OSError, ValueError, LookupError, TypeError) as error:
        parser.error(f"{wish.instance} is no instance of jcs-1: {error!r}")
    if wish.published and "published" not in raw:
        parser.error(f"{wish.instance} has nothing published.")
    stated = perf_counter() - begun
    size = f"{len(problem.activities)} sessions, {len(problem.places)} places"
    print(f"{size}, stated in {stated:.2f} s")
    # Whole seconds, so that the same work is planned though reading takes a little more or less.
    seconds = max(0, wish.seconds - ceil(stated))
    if wish.published:
        answer = repair(raw, problem, seconds=seconds, seed=wish.seed)
    else:
        answer = allocated(raw, problem, wish, seconds)
    wish.out.write_text(json.dumps(solution_of(raw, problem, answer)))
    print(
        f"unplaced {len(answer.unplaced)}  cost {answer.cost}  bound {answer.bound}"
        f"{_gap(answer.cost, answer.bound)}"
        f"  {perf_counter() - begun:.2f} s, {process_time():.2f} s of CPU,"
        f" {getrusage(RUSAGE_SELF).ru_maxrss >> 10} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
