"""What a place found for a session changes of what was wished, as one sentence. Pure."""

from collections.abc import Iterator

from calendars.text import Text
from calendars.windows import Tactic
from scheduler.local_words import clock_times, local_words, wall_clock
from scheduler.model import Booking, Role, Session, Site, SiteWish
from scheduler.schools import SchoolBook, Situation


def difference(wanted: Booking, found: Session, situation: Situation) -> Text:
    """Everything that differs, so that nobody accepts a tactic or a swap without reading of it."""
    return sentence_of(
        [
            *_of_time(wanted, found, situation),
            *_of_schools(wanted, found, situation),
            *at_sites(wanted.sites, found, situation),
        ]
    )


def at_sites(wanted: tuple[SiteWish, ...], found: Session, situation: Situation) -> Iterator[Text]:
    """What differs at each school, as clauses: its room, its tactic, its timetable."""
    for wish in wanted:
        site = found.site_of(wish.school)
        if site is not None:
            yield from _of_site(wish, site, found, situation.schools[wish.school])


def sentence_of(clauses: list[Text]) -> Text:
    """Clauses as one sentence."""
    english = "; ".join(clause.en for clause in clauses)
    return Text(
        "；".join(clause.zh for clause in clauses) + "。",
        english[:1].upper() + english[1:] + ".",
    )


def _of_time(wanted: Booking, found: Session, situation: Situation) -> Iterator[Text]:
    zone = situation.schools[found.lead.school].time.zone
    if wanted.slot == found.slot:
        times = wall_clock(found.slot, zone)
        yield Text(f"时间不变（{times.zh}）", f"same time ({times.en})")
    elif wanted.slot.starts.astimezone(zone).date() == found.slot.starts.astimezone(zone).date():
        times = Text(*[clock_times(found.slot, zone)] * 2)
        yield Text(f"改到当天 {times.zh}", f"the same day at {times.en}")
    else:
        times = wall_clock(found.slot, zone)
        yield Text(f"改到{times.zh}", f"on {times.en}")
    if found.slot.minutes < wanted.slot.minutes:
        yield Text(f"缩短为{found.slot.minutes}分钟", f"only {found.slot.minutes} minutes")


def _of_schools(wanted: Booking, found: Session, situation: Situation) -> Iterator[Text]:
    for wish in wanted.sites:
        if found.site_of(wish.school) is None:
            name = situation.schools[wish.school].school.name
            yield Text(
                f"{name}不参加这一场，可为其另开一场",
                f"without {name}, which could have a run of its own",
            )


def _of_site(wish: SiteWish, site: Site, found: Session, book: SchoolBook) -> Iterator[Text]:
    name = book.school.name
    if site.role is Role.OBSERVE and wish.role is not Role.OBSERVE:
        yield Text(f"{name}改为观摩", f"{name} only observes")
    if wish.room is not None and site.room is not None and site.room != wish.room:
        room = book.rooms[site.room].name
        yield Text(f"{name}改用{room}", f"{name} in {room} instead")
    if (site.tactic, site.shift_minutes) != (wish.tactic, wish.shift_minutes):
        yield _of_tactic(site, found, book)
    if site.swap_agreed and not wish.swap_agreed:
        here = local_words(book, found.slot, site)
        yield Text(
            f"{name}须与{here.zh}的原课调换",
            f"{name} must swap the lesson it has in {here.en}",
        )


def _of_tactic(site: Site, found: Session, book: SchoolBook) -> Text:
    name = book.school.name
    here = local_words(book, found.slot, site)
    minutes = site.effective_minutes
    match site.tactic:
        case Tactic.NONE:
            return Text(f"{name}正合作息（{here.zh}）", f"{name} fits its bells ({here.en})")
        case Tactic.TRIM:
            return Text(
                f"{name}只上{minutes}分钟（{here.zh}）",
                f"{name} takes {minutes} minutes ({here.en})",
            )
        case Tactic.SHIFT_BREAK:
            short = minutes < found.slot.minutes
            return Text(
                f"{name}调整课间：{here.zh}" + (f"，共{minutes}分钟" if short else ""),
                f"{name} moves its bell: {here.en}" + (f", {minutes} minutes" if short else ""),
            )
        case Tactic.COVER:
            return Text(
                f"{name}上{minutes}分钟（{here.zh}），其余由本校教师带",
                f"{name} takes {minutes} minutes ({here.en}), its own teacher covers the rest",
            )
