"""Guests without an account, invited to single sessions by mail (iMIP, RFC 6047)."""

from scheduler.invitations.inviting import (
    InvitationWish,
    invite,
    require_host,
    send_again,
    withdraw,
)
from scheduler.invitations.telling import tell_due

__all__ = [
    "InvitationWish",
    "invite",
    "require_host",
    "send_again",
    "tell_due",
    "withdraw",
]
