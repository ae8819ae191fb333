"""Busy time that is told elsewhere: calendars fetched or sent, read apart, kept as time alone."""

from dataclasses import dataclass, field

from scheduler.imports.addresses import Allowed, checked_address
from scheduler.imports.fetching import CalendarFetcher
from scheduler.imports.keeping import (
    Address,
    ImportChange,
    ImportWish,
    change_import,
    import_calendar,
    read_again,
    remove_import,
    require_own,
)
from scheduler.imports.reading import read_calendar
from scheduler.imports.refreshing import refresh_due
from scheduler.imports.sandbox import CalendarReader

__all__ = [
    "Address",
    "Allowed",
    "CalendarFetcher",
    "CalendarReader",
    "ImportChange",
    "ImportWish",
    "Importer",
    "change_import",
    "checked_address",
    "import_calendar",
    "read_again",
    "read_calendar",
    "refresh_due",
    "remove_import",
    "require_own",
]


@dataclass(frozen=True, slots=True)
class Importer:
    """What reads calendars here, and the hosts they may be fetched from."""

    reader: CalendarReader = field(default_factory=CalendarReader)
    allowed: Allowed = field(default_factory=Allowed)
