"""How much each preference matters: the one table, and what an alliance makes of it."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from scheduler.members import Alliance, Preference

WEIGHTS: Final[Mapping[Preference, int]] = MappingProxyType(
    {
        Preference.WISH: 6,  # not on a preferred weekday
        Preference.S1: 2,  # each minute that the weakest site lacks
        Preference.S3: 2,  # each site in its first or last lesson, after school, or right after PE
        Preference.S4: 4,  # each site on the wrong side of its research half-day
        Preference.S5: 8,  # each session of a teacher beyond the day's limit
        Preference.S6: 3,  # each weekly use of an offer beyond what its school should lead
        Preference.S7: 3,  # each date lost
        Preference.S8: 2,  # each site where a partner of the lead teacher would have been to be had
        Preference.S9: 1,  # each school that shifts a bell, and again for every 5 minutes
        Preference.S10: 2,  # each session of the same group that day with a gap before it
        Preference.S11: 4,  # each weekly use that leaves a school's rooms too few free periods
        Preference.S12: 2,  # each lesson more than a week from where the same course is with others
        Preference.S13: 1,  # each session moved from where an earlier plan had it, by notice
        Preference.S14: 1,  # each date in a week of exams or activities
        Preference.S15: 1,  # each afternoon of a school beyond half of its sessions
        Preference.FAIR: 3,  # each awkward time of a school beyond its share
        Preference.SOFT: 2,  # each soft busy time of a person, class or only room that it uses
    }
)
"""Points for one unit of each preference, unless the alliance says otherwise; what a unit is stands
beside it."""

NOTICE: Final = ((2, 4), (7, 3), (28, 2))
"""Within so many days a change weighs so many times as much as later (S13)."""


def weights_of(alliance: Alliance) -> Mapping[Preference, int]:
    """The points that count in an alliance."""
    return {**WEIGHTS, **{weight.preference: weight.points for weight in alliance.weights}}


def by_notice(left: timedelta) -> int:
    """How many times a change counts when so much time is left."""
    return next((weight for within, weight in NOTICE if left.days <= within), 1)
