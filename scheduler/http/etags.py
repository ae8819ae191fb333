"""Which state of a thing a caller has in mind (RFC 9110, If-Match)."""

import re
from dataclasses import dataclass
from typing import Final

from calendars.text import Text
from scheduler.errors import StaleError
from scheduler.http.faults import Fault, FaultyRequestError, MissingIfMatchError, printable, shown

_LIST: Final = re.compile(r'\s*(W/)?"[^"]*"\s*(,\s*(W/)?"[^"]*"\s*)*')
_TAG: Final = re.compile(r'(W/)?"([^"]*)"')


def etag_of(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The strong tags of an If-Match header; None for `*`, whatever the state is."""

    tags: frozenset[str] | None

    def expect(self, current: int) -> int:
        """The revision the caller may change, or `StaleError`. A weak tag matches nothing."""
        if self.tags is not None and str(current) not in self.tags:
            tag = etag_of(current)
            raise StaleError(
                f"内容已被他人修改，当前的 ETag 是 {tag}；请重新读取后再提交。",
                f"It was changed meanwhile, its ETag is {tag} now: read it again first.",
            )
        return current


def parse_if_match(header: str | None) -> IfMatch:
    """The header of a change, or `MissingIfMatchError`."""
    if header is None:
        raise MissingIfMatchError(
            "修改时须带 If-Match，其值为读取该对象时得到的 ETag。",
            "A change needs If-Match with the ETag that came with what you have read.",
        )
    if header.strip() == "*":
        return IfMatch(None)
    if not _LIST.fullmatch(header):
        detail = Text('应为 ETag, 例如 "3", 或 *。', 'Expected entity tags such as "3", or *.')
        fault = Fault(pointer="If-Match", value=shown(printable(header)), detail=detail)
        raise FaultyRequestError((fault,))
    return IfMatch(frozenset(tag for weak, tag in _TAG.findall(header) if not weak))


def names_current(header: str | None, etag: str | None) -> bool:
    """Whether an If-None-Match header already names this state (weak comparison)."""
    if header is None or etag is None:
        return False
    return header.strip() == "*" or etag.strip('"') in {tag for _, tag in _TAG.findall(header)}
