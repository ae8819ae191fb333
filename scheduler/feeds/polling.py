"""Who has read which calendar last: "is my telephone really subscribed?"."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from scheduler.model import Actor, Poll
from scheduler.store import Store

_COMMENT: Final = re.compile(r"\([^()]*\)")
_PRODUCT: Final = re.compile(r"([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*)(?:/(\d{1,4}))?[^\s,;]*")
_OF_EVERY_BROWSER: Final = {"Mozilla", "AppleWebKit", "KHTML", "Gecko", "like"}
_MOST_PRODUCTS: Final = 3
_LONGEST: Final = 80


class Polls:
    """The latest poll of each subscription until a job writes them down: no reader waits."""

    def __init__(self) -> None:
        self._latest: dict[str, Poll] = {}

    def note(self, subscription: str, at: datetime, client: str) -> None:
        """Remember that `client` has read it."""
        self._latest[subscription] = Poll(at, client)

    async def write_down(self, store: Store, *, actor: Actor, now: datetime) -> None:
        """Store what was noted since the last time; kept for the next time if that fails."""
        noted, self._latest = self._latest, {}
        if not noted:
            return
        try:
            await store.write(
                lambda transaction: transaction.note_polls(noted), actor=actor, now=now
            )
        except BaseException:
            self._latest = noted | self._latest
            raise


@lru_cache(maxsize=256)
def client_of(user_agent: str) -> str:
    """The program's own name and major version, such as "iOS/26 dataaccessd/1"; "" if it has none.

    What a browser says of its machine is left out: nobody needs to know.
    """
    told = user_agent[:400]
    while (shorter := _COMMENT.sub(" ", told)) != told:
        told = shorter
    products = [
        f"{name}/{version}" if version else name
        for name, version in _PRODUCT.findall(told)
        if name not in _OF_EVERY_BROWSER
    ]
    return " ".join(products[:_MOST_PRODUCTS])[:_LONGEST].rstrip()
