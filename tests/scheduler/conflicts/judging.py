"""Conflicts in one line each, so that a test can name all of them."""

from typing import Any

from scheduler.conflicts import find_conflicts
from scheduler.model import Conflict, Resource, ResourceKind, Session
from scheduler.schools import Situation
from tests.builders import NOW


def judge(session: Session, situation: Situation, **asked: Any) -> list[str]:
    """Every broken rule as "H1 room:TF1-R1 | s2", once its sentences have named somebody."""
    conflicts = find_conflicts(session, situation, **({"now": NOW} | asked))
    for conflict in conflicts:
        _names_what_it_is_about(conflict, session, situation)
    return [in_short(conflict) for conflict in conflicts]


def in_short(conflict: Conflict) -> str:
    """The rule, its resources and the other sessions."""
    resources = " ".join(f"{resource.kind}:{resource.id}" for resource in conflict.resources)
    others = f"| {' '.join(conflict.sessions)}" if conflict.sessions else ""
    return " ".join(part for part in (conflict.rule, resources, others) if part)


def sentences(session: Session, situation: Situation, **asked: Any) -> list[tuple[str, str]]:
    """What the reader is told, in both languages."""
    return [
        (conflict.sentence.zh, conflict.sentence.en)
        for conflict in find_conflicts(session, situation, **({"now": NOW} | asked))
    ]


def _names_what_it_is_about(conflict: Conflict, session: Session, situation: Situation) -> None:
    names = {_name(resource, situation) for resource in conflict.resources}
    titles = {other.title for other in (session, *situation.sessions)}
    for sentence, end in ((conflict.sentence.zh, "。"), (conflict.sentence.en, ".")):
        assert sentence.endswith(end)
        assert any(name in sentence for name in names or titles)


def _name(resource: Resource, situation: Situation) -> str:
    found: Any = None
    if resource.kind is ResourceKind.ROOM:
        found = situation.room(resource.id)  # type: ignore[arg-type]  # its kind says so
    elif resource.kind is ResourceKind.TEACHER:
        found = situation.teacher(resource.id)  # type: ignore[arg-type]  # its kind says so
    elif resource.kind is ResourceKind.CLASS_GROUP:
        found = situation.class_group(resource.id)  # type: ignore[arg-type]  # its kind says so
    elif resource.kind is ResourceKind.LINK_POOL:
        found = situation.alliance.link_pools.get(resource.id)  # type: ignore[call-overload]  # as above
    elif resource.kind is ResourceKind.SCHOOL and resource.id in situation.schools:
        found = situation.schools[resource.id].school  # type: ignore[index]  # its kind says so
    return found.name if found else resource.id
