"""Only some rules look at rooms, or at teachers: with others of these all the rest say the same."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings

from scheduler.conflicts import ABOUT_ROOMS, ABOUT_TEACHERS, RULES, TOLD_OF_TEACHERS, Rule
from scheduler.conflicts import find_conflicts as judged
from scheduler.members import RoomId, TeacherId
from scheduler.model import Conflict, Session
from scheduler.schools import Situation
from tests.builders import NOW
from tests.scheduler.conflicts.test_brute_force import ROOMS, SEEDS, TEACHERS, Dice


def said(
    session: Session, situation: Situation, rules: Sequence[Rule] = RULES
) -> tuple[Conflict, ...]:
    return judged(session, situation, now=NOW, automatic=True, rules=tuple(rules))


def without(rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in RULES if rule not in rules]


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_with_other_rooms_only_the_rules_about_rooms_say_something_else(dice: Dice) -> None:
    session, situation = dice.session("s1", live=True), dice.situation()
    moved = replace(
        session,
        sites=tuple(
            replace(site, room=dice.choice((None, *map(RoomId, ROOMS)))) for site in session.sites
        ),
    )
    rest = without(ABOUT_ROOMS)
    assert said(moved, situation, rest) == said(session, situation, rest)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_with_other_teachers_only_the_rules_about_teachers_say_something_else(dice: Dice) -> None:
    session, situation = dice.session("s1", live=True), dice.situation()
    taught = replace(
        session,
        sites=tuple(
            replace(site, teacher=dice.choice((None, *map(TeacherId, TEACHERS))))
            for site in session.sites
        ),
    )
    rest = without(ABOUT_TEACHERS)
    assert said(taught, situation, rest) == said(session, situation, rest)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_what_rules_about_teachers_say_is_known_by_its_rule(dice: Dice) -> None:
    session, situation = dice.session("s1", live=True), dice.situation()
    told = [each for each in said(session, situation) if each.rule in TOLD_OF_TEACHERS]
    assert told == [*said(session, situation, ABOUT_TEACHERS)]
