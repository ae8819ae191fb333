"""Every rule is needed: its example breaks that rule alone, and is sound without it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import pytest

from calendars.bells import SchoolId
from calendars.days import Day, DayKind
from calendars.windows import Tactic
from scheduler.conflicts import RULES, Rule, find_conflicts
from scheduler.members import LinkPoolId
from scheduler.model import Role, SeriesId, Session, SessionId, SessionState, SiteState
from scheduler.schools import Situation
from scheduler.ties import Held, Tied
from tests.builders import (
    NOW,
    TUESDAY,
    a_class,
    a_pool,
    a_room,
    a_session,
    a_site,
    a_situation,
    a_term,
    an_alliance,
    an_outage,
    at,
    school_time,
    some_books,
)


@dataclass(frozen=True)
class Example:
    """A session that breaks one rule."""

    session: Session
    situation: Situation = field(default_factory=a_situation)
    asked: Mapping[str, Any] = field(default_factory=dict)


def listening(**fields: Any) -> Session:
    return a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, **fields)))


def alone(starts: str, **fields: Any) -> Session:
    """Another session of JS: in room 2, with teacher 3 and class 2 unless told otherwise."""
    site = {"room": "JS-R2", "teacher": "JS-T3", "class_groups": ("JS-C2",)} | fields
    return a_session("s2", at(starts), sites=(a_site("JS", **site),))


def with_pool(*others: Session, **fields: Any) -> Situation:
    pool = a_pool(**fields)
    return a_situation(*others, alliance=an_alliance(link_pools={pool.id: pool}))


HOLIDAY: Final = Day(id="d", school=SchoolId("JS"), date=TUESDAY, kind=DayKind.HOLIDAY)

EXAMPLES: Final = {
    "H1": Example(a_session(), a_situation(alone("14:00", room="JS-R1"))),
    "H2": Example(a_session(), a_situation(alone("14:00", teacher="JS-T1"))),
    "H3": Example(a_session(), a_situation(alone("14:00", class_groups=("JS-C1",)))),
    "H4": Example(listening(teacher="CB-T1")),
    "H5": Example(
        a_session(),
        a_situation(books=some_books(TF1={"rooms": {"TF1-R1": a_room(max_remote_sites=0)}})),
    ),
    "H6": Example(a_session(), with_pool(alone("14:00"), sessions=1)),
    "H7": Example(
        a_session(
            slot=at("10:30"),
            sites=(
                a_site("TF1", tactic=Tactic.TRIM, effective_minutes=35),
                a_site("JS", Role.LISTEN, effective_minutes=35),
            ),
        )
    ),
    "H8": Example(
        listening(effective_minutes=0),
        a_situation(books=some_books(JS={"time": school_time("JS", days=(HOLIDAY,))})),
    ),
    "H9": Example(
        a_session(),
        a_situation(
            books=some_books(JS={"outages": (an_outage(at("14:00"), school="JS", room="JS-R1"),)})
        ),
    ),
    "H10": Example(listening(state=SiteState.HELD)),
    "H11": Example(
        listening(room="JS-R2"),
        asked={"published": a_session(pinned=True), "automatic": True},
    ),
    "H12": Example(a_session(), a_situation(alone("14:45", room="JS-R1"))),
    "H13": Example(listening(effective_minutes=41)),
    "H14": Example(a_session(), asked={"published": a_session(state=SessionState.CANCELLED)}),
    "H15": Example(
        a_session(
            sites=(
                a_site("TF1"),
                a_site("JS", Role.LISTEN, class_groups=()),
            )
        ),
        a_situation(
            books=some_books(
                JS={
                    "time": school_time(
                        "JS",
                        terms=(a_term("JS", first_day=date(2026, 9, 9)),),
                        days=(
                            Day(id="d", school=SchoolId("JS"), date=TUESDAY, kind=DayKind.ACTIVITY),
                        ),
                    )
                }
            )
        ),
    ),
    "H16": Example(
        a_session(),
        a_situation(books=some_books(JS={"class_groups": {"JS-C1": a_class("JS", grade=4)}})),
    ),
    "H17": Example(listening(period=4)),
    "chain": Example(
        a_session(),
        a_situation(
            ties=(
                Tied(
                    earlier=frozenset({SeriesId("preparations")}),
                    later=frozenset({SeriesId("lessons")}),
                    earlier_title="备课",
                    later_title="课",
                    at_least_days=2,
                    at_most_days=7,
                    held={
                        SessionId("prep"): Held(
                            series=SeriesId("preparations"), on=TUESDAY - timedelta(days=1)
                        )
                    },
                ),
            )
        ),
        asked={
            "published": a_session(
                slot=at("14:00", on=TUESDAY + timedelta(days=1)), series=SeriesId("lessons")
            )
        },
    ),
}


def broken_rules(example: Example, rules: tuple[Rule, ...] = RULES) -> set[str]:
    found = find_conflicts(
        example.session, example.situation, now=NOW, rules=rules, **example.asked
    )
    return {conflict.rule for conflict in found}


def ids() -> list[str]:
    return [*(f"H{no}" for no in range(1, 18)), "chain"]


def test_the_rulebook_states_h1_to_h17_in_order_and_then_chains() -> None:
    assert [(rule.__doc__ or "").partition(":")[0] for rule in RULES] == ids()
    assert list(EXAMPLES) == ids()


@pytest.mark.parametrize("id", ids())
def test_the_example_of_a_rule_breaks_that_rule_alone(id: str) -> None:
    assert broken_rules(EXAMPLES[id]) == {id}


@pytest.mark.parametrize("id", ids())
def test_deleting_a_rule_lets_its_example_pass(id: str) -> None:
    """The mutation: one rule fewer, and what it forbids is found sound."""
    without = tuple(rule for rule in RULES if not (rule.__doc__ or "").startswith(f"{id}:"))

    assert len(without) == len(RULES) - 1
    assert broken_rules(EXAMPLES[id], without) == set()


def test_a_refusal_names_every_broken_rule_and_not_the_first() -> None:
    session = a_session(
        slot=at("10:35"),
        sites=(
            a_site("TF1", state=SiteState.HELD),
            a_site("CB", Role.LISTEN, teacher=None, effective_minutes=25, period=5),
        ),
        link_pool=LinkPoolId("none"),
        grade=5,
    )
    crowded = a_situation(a_session("s2", at("10:40"), link_pool=None))

    assert broken_rules(Example(session, crowded)) == {
        *("H1", "H2", "H3", "H4", "H6", "H7", "H10", "H13", "H16", "H17"),
    }


def test_no_rule_stumbles_over_what_nobody_knows() -> None:
    unknown: dict[str, Any] = {"room": "X", "teacher": "X", "class_groups": ("X",)}
    session = a_session(
        sites=(
            a_site("TF1", **unknown),
            a_site("JS", Role.LISTEN, **unknown | {"participants": ("Y",), "observers": ("Z",)}),
            a_site("ZZ", Role.OBSERVE, **unknown),
        ),
        link_pool=LinkPoolId("X"),
    )
    other = a_session("s2", sites=session.sites, link_pool=LinkPoolId("X"))

    assert broken_rules(Example(session, a_situation(other))) == {
        *("H2", "H3", "H6", "H8", "H9"),
    }
