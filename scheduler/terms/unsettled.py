"""What schools still have to settle before the dates of their terms can be trusted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from calendars.bells import SchoolId
from calendars.fields import Identifier
from calendars.series import SiteTime
from calendars.terms import Term
from calendars.text import Text
from calendars.unsettled import Matter, MatterKind, followed_apart, unsettled_in_term
from scheduler.errors import InvalidWishError
from scheduler.schools import SchoolBook, unknown_school
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTerms:
    """Whose matters: those of one school, or of one term; left open, of all that are not over."""

    school: SchoolId | None = None
    term: Identifier | None = None


async def unsettled(transaction: Transaction, wish: OfTerms) -> tuple[Matter, ...]:
    """Everything still open, what concerns no single date first, then by date.

    Schools are told of make-up days on which they follow another date than others do (E01), as far
    as their own terms reach.
    """
    books = await transaction.books()
    terms = await _terms(transaction, wish, books)
    sites = {
        school: SiteTime(school=school, name=book.school.name, time=book.time)
        for school, book in books.items()
    }
    found = [matter for term in terms for matter in unsettled_in_term(term, sites[term.school])]
    if wish.term is None:
        found += _schools_without_terms(books, wish.school)
    found += (
        matter
        for matter in followed_apart(tuple(sites.values()))
        if any(
            term.school in matter.schools and matter.date is not None and term.holds(matter.date)
            for term in terms
        )
    )
    return tuple(sorted(_said_once(found), key=_order))


async def _terms(
    transaction: Transaction, wish: OfTerms, books: Mapping[SchoolId, SchoolBook]
) -> list[Term]:
    """The terms asked about; without one named, those that are not over at their school."""
    if wish.school is not None and wish.school not in books:
        raise unknown_school(wish.school)
    if wish.term is None:
        return [
            term
            for school, book in sorted(books.items())
            if wish.school in {None, school}
            for term in sorted(book.time.terms, key=lambda term: term.first_day)
            if term.last_day >= book.time.date_of(transaction.now)
        ]
    term = (await transaction.get(Term, wish.term)).record
    if wish.school not in {None, term.school}:
        raise InvalidWishError(
            f"学期 {term.id} 属于学校 {term.school}，不属于 {wish.school}。",
            f"The term {term.id} is that of school {term.school}, not of {wish.school}.",
            pointer="?term",
            value=term.id,
        )
    return [term]


def _schools_without_terms(
    books: Mapping[SchoolId, SchoolBook], asked: SchoolId | None
) -> Iterator[Matter]:
    """E72: a school that has told us no term at all."""
    for school, book in books.items():
        if asked in {None, school} and not book.time.terms:
            name = book.school.name
            yield Matter(
                kind=MatterKind.NO_TERM,
                schools=(school,),
                date=None,
                sentence=Text(
                    f"{name}还没有学期，请先录入学期的起止日期。",
                    f"{name} has no term yet: enter the first and last day of one.",
                ),
            )


def _said_once(matters: Iterable[Matter]) -> list[Matter]:
    """Equal sentences are one matter of several schools, such as a year that nobody knows."""
    found: dict[tuple[MatterKind, object, Text], Matter] = {}
    for matter in matters:
        key = (matter.kind, matter.date, matter.sentence)
        schools = found[key].schools if key in found else ()
        found[key] = replace(matter, schools=tuple(dict.fromkeys((*schools, *matter.schools))))
    return list(found.values())


def _order(matter: Matter) -> tuple[bool, str, str, tuple[SchoolId, ...]]:
    day = "" if matter.date is None else matter.date.isoformat()
    return bool(day), day, matter.kind, matter.schools
