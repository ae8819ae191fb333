"""How long does it take to find every window of three schools over a whole term?"""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from calendars.bells import SchoolId
from calendars.series import SiteTime
from calendars.windows import find_weekly_windows
from tests.builders import a_term, school_time

SCHOOLS = ("TF1", "JS", "CB")
TERM = a_term()
LENGTH, ENOUGH, RUNS = 40, 30, 5


def sites() -> tuple[SiteTime, ...]:
    """Fresh, so that every run resolves the term's bells anew."""
    return tuple(
        SiteTime(school=SchoolId(school), name=school, time=school_time(school), grades=(3,))
        for school in SCHOOLS
    )


def by_the_search() -> int:
    found = (find_weekly_windows(weekday, TERM, sites()) for weekday in range(1, 6))
    return sum(len(window.dates) for windows in found for window in windows)


def by_brute_force() -> int:
    """Every start of every date, every period of every school, every shift."""
    on, found, schools = TERM.first_day, 0, sites()
    while on <= TERM.last_day:
        days = [
            [
                (minute(timed.slot.starts), minute(timed.slot.ends))
                for timed in site.time.periods(on, 3)
            ]
            for site in schools
        ]
        if all(days):
            first, last = min(day[0][0] for day in days), max(day[-1][1] for day in days)
            for start in range(first, last, 5):
                found += all(best(day, start, start + LENGTH) >= ENOUGH for day in days)
        on += timedelta(days=1)
    return found


def minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def best(day: list[tuple[int, int]], starts: int, ends: int) -> int:
    most = 0
    for index, (rings, stops) in enumerate(day):
        for shift in range(-10, 11):
            if shift < 0 and index and rings + shift < day[index - 1][1] + 5:
                continue
            if shift > 0 and index + 1 < len(day) and stops + shift > day[index + 1][0] - 5:
                continue
            most = max(most, min(stops + shift, ends) - max(rings + shift, starts))
    return most


def seconds(run: Callable[[], int], runs: int = 1) -> float:
    """The fastest of some runs: the least disturbed by others."""
    times = []
    for _ in range(runs):
        began = perf_counter()
        run()
        times.append(perf_counter() - began)
    return min(times)


def main() -> None:
    first, again = seconds(by_the_search), seconds(by_the_search, RUNS)
    brute = seconds(by_brute_force)
    print(
        f"windows of {len(SCHOOLS)} schools over the {TERM.last_week} weeks of a term, all starts"
    )
    print(f"search, first time   {first * 1000:8.1f} ms  (wanted: under 50)")
    print(f"search, again        {again * 1000:8.1f} ms")
    print(f"brute force          {brute * 1000:8.1f} ms")
    print(f"ratio to first time  {brute / first:8.1f}")


if __name__ == "__main__":
    main()
