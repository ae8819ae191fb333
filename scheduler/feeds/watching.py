"""What has been touched since a calendar was read: asked once for all that want to know."""

import asyncio
from datetime import datetime
from typing import Final

from scheduler.model import Resource
from scheduler.store import Ends, Stamp, Store, Touched

MOST_KNOWN: Final = 10_000
"""So many resources and subscriptions are told apart, about a megabyte; then all are touched."""


class Watch:
    """Looks at the database, by number, and which of them was the last to find something touched.

    Whatever was read after look 7 began to be known is right for as long as no later look has found
    it touched.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._stamp: Stamp | None = None
        self._ends: Ends | None = None
        self._begun = self._ended = 0
        self._everything = self._anything = 0
        self._resources: dict[Resource, int] = {}
        self._subscriptions: dict[str, int] = {}

    async def look(self, now: datetime) -> int:
        """The number of the latest look; it saw whatever was acknowledged before this is called.

        While nobody commits no new one is needed. Those who wait share one that began after they
        came: another may have missed what they know of.
        """
        if await self._store.stamp() != self._stamp:
            begun = self._begun
            async with self._lock:
                if self._ended <= begun:
                    await self._look(now)
        return self._ended

    def has_touched(self, subscription: str, resource: Resource | None, since: int) -> bool:
        """Whether anything was found after look `since` that concerns this address.

        `resource` is what its calendar shows the sessions of, None if it may show any.
        """
        own = self._anything if resource is None else self._resources.get(resource, 0)
        return max(self._everything, own, self._subscriptions.get(subscription, 0)) > since

    async def _look(self, now: datetime) -> None:
        """One more look. If it fails or is given up, it has not been.

        It begins one turn of the event loop late, so that all who came meanwhile share it.
        """
        await asyncio.sleep(0)
        self._begun = number = self._begun + 1
        stamp = await self._store.stamp()
        async with self._store.read(now=now) as transaction:
            touched = await transaction.touched_since(self._ends)
        self._note(number, touched)
        self._stamp, self._ends, self._ended = stamp, touched.ends, number

    def _note(self, number: int, touched: Touched) -> None:
        self._resources |= dict.fromkeys(touched.resources, number)
        self._subscriptions |= dict.fromkeys(touched.subscriptions, number)
        if touched.resources:
            self._anything = number
        if touched.everything or len(self._resources) + len(self._subscriptions) > MOST_KNOWN:
            self._everything = number
            self._resources.clear()
            self._subscriptions.clear()
