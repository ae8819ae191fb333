"""Thirteen schools with bells of their own and starts at any five minutes, in the jcs-1 format.

The bells are those of the example alliance and five more, invented alike. A hidden plan is drawn
first and the schools' own lessons around it, so that placing everything is possible.
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

BELLS = (
    "08:30 09:25 10:35 11:30 14:00 14:55",
    "08:25 09:15 10:25 11:15 14:00 14:50",
    "08:30 09:20 10:30 11:20 14:10 15:00",
    "08:20 09:15 10:25 11:20 14:00 14:55",
    "08:35 09:25 10:40 11:30 14:00 14:50",
    "08:25 09:20 10:30 11:25 14:10 15:05",
    "08:20 09:10 10:20 11:10 14:20 15:10",
    "08:20 09:10 10:20 11:10 14:30 15:20",
    "08:30 09:20 10:25 11:15 14:15 15:05",
    "08:25 09:20 10:25 11:20 14:20 15:15",
    "08:35 09:30 10:35 11:30 14:10 15:05",
    "08:20 09:15 10:20 11:15 14:05 15:00",
    "08:30 09:25 10:30 11:25 14:30 15:25",
)
LESSON, STEP, DAYS, WEEKS = 40, 5, 5, 18
FIRST, LAST = 500, 970
SESSIONS, CLASSES, TEACHERS, ROOMS = 220, 14, 30, 3
DAYS_WISHED, NOT_TOO_LATE = 0.5, 0.3
"""Of the sessions, those with two preferred days, and those that should begin before 14:00."""
BUSY = 0.55
"""Of the periods of a class that the hidden plan leaves, those in which it cannot come."""

Json = dict[str, Any]


class Draft:
    """The hidden plan in the making: who is taken when, on which day."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.taken: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)

    def is_free(self, who: str, day: int, starts: int, ends: int) -> bool:
        return all(ends <= begins or starts >= over for begins, over in self.taken[who, day])

    def session(self, number: int) -> Json:
        while True:
            random = self.random
            schools = random.sample(range(len(BELLS)), random.choice((2, 2, 2, 3)))
            day, starts = random.randrange(DAYS), random.randrange(FIRST, LAST - LESSON + 1, STEP)
            parts = [self._part(school, place == 0) for place, school in enumerate(schools)]
            rooms = [f"{part['school']}/r{random.randrange(ROOMS)}" for part in parts]
            who = [
                *rooms,
                *(
                    f"{part['school']}/{part[role]}"
                    for part in parts
                    for role in ("teacher", "class")
                ),
            ]
            if all(self.is_free(each, day, starts, starts + LESSON) for each in who):
                for each in who:
                    self.taken[each, day].append((starts, starts + LESSON))
                return {
                    "id": number,
                    "dur": LESSON,
                    "weeks": list(range(1, WEEKS + 1)),
                    "start_rule": "any",
                    "pref_days": self._two_days() if random.random() < DAYS_WISHED else [],
                    "avoid_after": 840 if random.random() < NOT_TOO_LATE else None,
                    "parts": parts,
                }

    def _two_days(self) -> list[int]:
        return sorted(self.random.sample(range(DAYS), 2))

    def _part(self, school: int, is_lead: bool) -> Json:  # noqa: FBT001 - a part leads or joins
        return {
            "school": f"s{school}",
            "teacher": f"t{self.random.randrange(TEACHERS)}",
            "class": f"c{self.random.randrange(CLASSES)}",
            "size": self.random.randrange(25, 50),
            "role": "lead" if is_lead else "join",
            "release": [],
        }

    def lessons(self, who: str, bells: list[list[int]]) -> list[list[Any]]:
        """Own lessons at the school's bells, none of them in the way of the hidden plan."""
        return [
            [f"{who}-{day}-{period}", day, starts, ends, "A"]
            for day in range(DAYS)
            for period, (starts, ends) in enumerate(bells)
            if self.is_free(who, day, starts, ends) and self.random.random() < BUSY
        ]


def instance_of(seed: int) -> Json:
    """The same seed draws the same instance."""
    draft = Draft(Random(seed))  # noqa: S311 - to be repeated
    sessions = [draft.session(number) for number in range(SESSIONS)]
    bells = [[_period(starts) for starts in times.split()] for times in BELLS]
    return {
        "format": "jcs-1",
        "name": f"thirteen-{seed}",
        "weeks": WEEKS,
        "days": DAYS,
        "day_window": [FIRST, LAST],
        "start_step": STEP,
        "bridge": 20,
        "schools": [
            {
                "id": f"s{number}",
                "bells": own,
                "rooms": [{"id": f"r{room}", "cap": 50, "host": True} for room in range(ROOMS)],
            }
            for number, own in enumerate(bells)
        ],
        "teachers": _timetables(draft, bells, "t", TEACHERS),
        "classes": _timetables(draft, bells, "c", CLASSES),
        "sessions": sessions,
    }


def _timetables(draft: Draft, bells: list[list[list[int]]], kind: str, count: int) -> Json:
    return {
        who: draft.lessons(who, own)
        for school, own in enumerate(bells)
        for who in (f"s{school}/{kind}{number}" for number in range(count))
    }


def _period(starts: str) -> list[int]:
    hours, minutes = map(int, starts.split(":"))
    return [hours * 60 + minutes, hours * 60 + minutes + LESSON]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    wish.out.write_text(json.dumps(instance_of(wish.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
