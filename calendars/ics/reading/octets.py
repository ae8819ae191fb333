"""From whatever a server sends to text, in the encodings that calendars have; else a refusal."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Final

from calendars.ics.reading.report import Refusal, UnreadableCalendarError

MAX_OCTETS: Final = 5_000_000

_BEGIN: Final = re.compile(r"\s*BEGIN:VCALENDAR[ \t]*[\r\n]", re.IGNORECASE)
_WEB_PAGE: Final = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_FAR_ENOUGH: Final = 4096


def text_of(octets: bytes) -> tuple[str, bool]:
    """The text of a calendar, and whether every character of it could be read.

    `UnreadableCalendarError` for what is empty, too large, a web page, or no calendar at all.
    """
    if len(octets) > MAX_OCTETS:
        raise UnreadableCalendarError(Refusal.TOO_LARGE)
    text, is_sound = _decoded(octets)
    text = text.lstrip("\ufeff")  # a mark that its encoding does not need, or one too many
    if not text.strip("\0 \t\r\n\ufeff"):
        raise UnreadableCalendarError(Refusal.EMPTY)
    if not _BEGIN.match(text):
        is_page = _WEB_PAGE.search(text, 0, _FAR_ENOUGH)
        raise UnreadableCalendarError(Refusal.WEB_PAGE if is_page else Refusal.NOT_A_CALENDAR)
    return text, is_sound


def _decoded(octets: bytes) -> tuple[str, bool]:
    for encoding in _encodings(octets):
        try:
            return octets.decode(encoding), True
        except UnicodeDecodeError:
            continue
    # Times are ASCII: a title in tatters takes nothing from them.
    return octets.decode(_encodings(octets)[0], errors="replace"), False


def _encodings(octets: bytes) -> tuple[str, ...]:
    if octets.startswith(BOM_UTF8):
        return ("utf-8-sig",)
    if octets.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return ("utf-16",)
    # Without a mark, the zero beside each ASCII letter tells.
    if octets[1:2] == b"\0":
        return ("utf-16-le",)
    if octets[:1] == b"\0":
        return ("utf-16-be",)
    return ("utf-8", "gb18030")
