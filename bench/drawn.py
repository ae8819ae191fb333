"""More instances of the jcs-1 format, so that nothing is tuned to the six that are measured.

`python -m bench.drawn M-tight OUT.json --seed 7`. A hidden plan is drawn first and the schools'
own lessons around it, so that placing everything is possible. In a loose term classes are busy for
62 % of the week and sessions have few places; in a tight one for 30 %, but rooms are scarce.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

WEEKS, DAYS, STEP = 18, 5, 5
FIRST, LAST = 480, 1050
ALL, ODD, EVEN = range(1, WEEKS + 1), range(1, WEEKS + 1, 2), range(2, WEEKS + 1, 2)
PATTERNS: Final = (*(ALL,) * 12, *(ODD,) * 3, *(EVEN,) * 3, range(1, 10), range(10, WEEKS + 1))
PARTS: Final = (2, 2, 2, 2, 2, 2, 3, 3, 4, 5)
SEATS, ROOMS_TO_LEAD = (50, 60), 2
SINGLE, WELL_WISHED, NOT_TOO_LATE = 0.93, 0.5, 0.3
"""Of the sessions, those of one period, those whose wished day the hidden plan keeps, those that
should begin before 15:00."""
NEAR: Final = 12
"""How far the numbers of schools that meet lie apart."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How many schools, rooms at each, sessions, teachers and classes, and how busy they are."""

    schools: int
    rooms: tuple[int, ...]
    sessions: int
    teachers: int
    classes: int
    busy: float


KINDS: Final = {
    "S-loose": Kind(8, (3,), 60, 24, 12, 0.62),
    "S-tight": Kind(8, (2,), 150, 24, 12, 0.30),
    "M-loose": Kind(40, (3, 4, 4, 4), 600, 24, 16, 0.62),
    "M-tight": Kind(40, (2, 2, 2, 3), 900, 24, 16, 0.30),
    "L-loose": Kind(200, (5,), 5000, 40, 24, 0.62),
    "L-tight": Kind(200, (2, 3), 5000, 40, 24, 0.30),
}


class Draft:
    """The hidden plan in the making: who is taken when, in which weeks of which day."""

    def __init__(self, kind: Kind, seed: int) -> None:
        self.kind = kind
        self.random = Random(seed)  # noqa: S311 - to be repeated
        self.schools = [self._school(number) for number in range(kind.schools)]
        self.links: Counter[tuple[int, int, int]] = Counter()
        self._taken: dict[tuple[str, int], list[tuple[int, int, Sequence[int]]]] = defaultdict(list)

    def _school(self, number: int) -> Json:
        random = self.random
        lesson, pause = random.choice((40, 45)), random.choice((10, 10, 15))
        morning, afternoon = random.randrange(480, 511, STEP), random.randrange(780, 831, STEP)
        bells = []
        for begins, gaps in ((morning, (0, 0, pause, 0)), (afternoon, (0, 0, 0, 0))):
            at = begins
            for gap in gaps:
                at += gap
                bells.append([at, at + lesson])
                at += lesson + 10
        rooms = [
            {
                "id": f"r{room}",
                "cap": random.choice(SEATS),
                "host": room < ROOMS_TO_LEAD,
            }
            for room in range(random.choice(self.kind.rooms))
        ]
        return {"id": f"s{number}", "bells": bells, "rooms": rooms}

    def is_free(self, who: str, day: int, starts: int, ends: int, weeks: Sequence[int]) -> bool:
        return all(
            ends <= begins or starts >= over or set(weeks).isdisjoint(others)
            for begins, over, others in self._taken[who, day]
        )

    def session(self, number: int) -> Json:
        """One more session of the hidden plan, wherever there is still a place for it."""
        random = self.random
        while True:
            lead = random.randrange(self.kind.schools)
            near = [
                school
                for school in range(lead - NEAR, lead + NEAR + 1)
                if school != lead and 0 <= school < self.kind.schools
            ]
            schools = [lead, *random.sample(near, random.choice(PARTS) - 1)]
            day, weeks = random.randrange(DAYS), random.choice(PATTERNS)
            starts, over = random.choice(self.schools[lead]["bells"])
            minutes = over - starts if random.random() < SINGLE else 2 * (over - starts) + 10
            parts = [self._part(school, school == lead) for school in schools]
            if starts + minutes <= LAST and self._take(parts, day, starts, starts + minutes, weeks):
                prefers = day if random.random() < WELL_WISHED else random.randrange(DAYS)
                return {
                    "id": number,
                    "dur": minutes,
                    "weeks": list(weeks),
                    "start_rule": "bell",
                    "pref_days": [prefers],
                    "avoid_after": 900 if random.random() < NOT_TOO_LATE else None,
                    "parts": parts,
                }

    def _part(self, school: int, is_lead: bool) -> Json:  # noqa: FBT001 - a part leads or joins
        return {
            "school": f"s{school}",
            "teacher": f"t{self.random.randrange(self.kind.teachers)}",
            "class": f"c{self.random.randrange(self.kind.classes)}",
            "size": self.random.randrange(20, 50),
            "role": "lead" if is_lead else "join",
            "release": [],
        }

    def _take(
        self, parts: Sequence[Json], day: int, starts: int, ends: int, weeks: Sequence[int]
    ) -> bool:
        """Hold a session with free people in free rooms, if there are any."""
        wanted = [f"{part['school']}/{part[who]}" for part in parts for who in ("teacher", "class")]
        for part in parts:
            rooms = (
                f"{part['school']}/{room['id']}"
                for room in self.schools[int(part["school"][1:])]["rooms"]
                if room["cap"] >= part["size"] and (room["host"] or part["role"] == "join")
            )
            free = (room for room in rooms if self.is_free(room, day, starts, ends, weeks))
            wanted.append(next(free, ""))
        if "" in wanted or not all(self.is_free(who, day, starts, ends, weeks) for who in wanted):
            return False
        for who in wanted:
            self._taken[who, day].append((starts, ends, weeks))
        self.links.update((week, day, at) for week in weeks for at in range(starts, ends, STEP))
        return True

    def lessons(self, who: str, bells: Sequence[Sequence[int]]) -> list[list[Any]]:
        """Own lessons at the school's bells, none of them in the way of the hidden plan."""
        found = []
        for day in range(DAYS):
            for period, (starts, ends) in enumerate(bells):
                letter, weeks = self.random.choice((*(("A", ALL),) * 18, ("O", ODD), ("E", EVEN)))
                is_busy = self.random.random() < self.kind.busy
                if is_busy and self.is_free(who, day, starts, ends, weeks):
                    found.append([f"{who}-{day}-{period}", day, starts, ends, letter])
        return found

    def timetables(self, letter: str, count: int) -> Json:
        return {
            f"{school['id']}/{letter}{number}": self.lessons(
                f"{school['id']}/{letter}{number}", school["bells"]
            )
            for school in self.schools
            for number in range(count)
        }


def instance_of(name: str, seed: int) -> Json:
    """The same kind and seed draw the same instance."""
    kind = KINDS[name]
    draft = Draft(kind, seed)
    sessions = [draft.session(number) for number in range(kind.sessions)]
    return {
        "format": "jcs-1",
        "name": f"{name}-{seed}",
        "weeks": WEEKS,
        "days": DAYS,
        "day_window": [FIRST, LAST],
        "start_step": STEP,
        "bridge": 1 + max(draft.links.values()),
        "schools": draft.schools,
        "teachers": draft.timetables("t", kind.teachers),
        "classes": draft.timetables("c", kind.classes),
        "sessions": sessions,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    wish.out.write_text(json.dumps(instance_of(wish.kind, wish.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
