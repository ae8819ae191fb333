"""An invitation by mail (iTIP, RFC 5546): one event with who invites and who is invited."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.calendar import PRODID
from calendars.ics.entries import Entry, Status, write_entry
from calendars.ics.lines import line
from calendars.ics.zones import write_zone

_END: Final = b"END:VEVENT\r\n"
_NOT_IN_A_NAME: Final = str.maketrans('"', "'", "".join(map(chr, [*range(32), *range(127, 160)])))


class Method(StrEnum):
    """What the receiver is asked to do with the event."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a mail address; the name is as one would write it."""

    name: str
    address: str

    @property
    def line_end(self) -> tuple[str, str]:
        """The parameter CN and the value, as ORGANIZER and ATTENDEE have them."""
        return f'CN="{self.name.translate(_NOT_IN_A_NAME)}"', f"mailto:{self.address}"


def write_invitation(
    method: Method, entry: Entry, zone: ZoneInfo, *, organizer: Party, attendee: Party
) -> bytes:
    """The calendar that asks the attendee to come, or no longer to come, to the event.

    With CANCEL the event is off for this attendee, whatever it is for others. The address of the
    organizer must be the sender's of the mail: clients refuse others.
    """
    organizer_name, organizer_address = organizer.line_end
    attendee_name, attendee_address = attendee.line_end
    asks = "PARTSTAT=NEEDS-ACTION;RSVP=TRUE;" if method is Method.REQUEST else ""
    event = write_entry(entry, zone)
    if method is Method.CANCEL and entry.status is not Status.CANCELLED:
        event = event.replace(
            b"\r\nSTATUS:%s\r\n" % entry.status.encode(), b"\r\nSTATUS:CANCELLED\r\n", 1
        )
    return b"".join(
        (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            line("PRODID", PRODID),
            b"CALSCALE:GREGORIAN\r\n",
            line("METHOD", method),
            write_zone(zone, entry.slot),
            event.removesuffix(_END),
            line(f"ORGANIZER;{organizer_name}", organizer_address),
            line(
                f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;{asks}{attendee_name}",
                attendee_address,
            ),
            _END,
            b"END:VCALENDAR\r\n",
        )
    )
