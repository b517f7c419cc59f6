"""Follows sessions in Firestore: few streams with many sessions on each; reads without them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from handoff import log
from handoff.codec import decode
from handoff.documents import SESSIONS, has_expired
from handoff.errors import StoreError
from handoff.firestore_facts import Lost, Seen, Source
from handoff.firestore_stream import Pace, Stream
from handoff.model import Session
from handoff.store import Changed
from handoff.vocabulary import SessionKey

# Google names no limit of the targets on one stream; 1 000 worked on the emulator. A connection
# carries 100 streams, which all other calls share, so that one for each session is no way:
# https://github.com/googleapis/google-cloud-java/issues/3514
TARGETS_PER_STREAM = 500


class FirestoreWatch:
    """Follows sessions for one listener; each stream is a task, and there is none without one."""

    def __init__(
        self,
        source: Source,
        changed: Changed,
        *,
        clock: Callable[[], datetime],
        targets_per_stream: int = TARGETS_PER_STREAM,
        pace: Pace | None = None,
    ) -> None:
        self._source = source
        self._changed = changed
        self._clock = clock
        self._targets_per_stream = targets_per_stream
        self._pace = pace or Pace()
        self._followed: dict[SessionKey, _Followed] = {}
        self._streams: list[Stream] = []
        self._closed = False

    async def follow(self, key: SessionKey) -> None:
        """Tell of this session from now on."""
        if self._closed or key in self._followed:
            return
        stream = self._stream_with_room()
        self._followed[key] = _Followed(stream)
        stream.add(key)

    async def unfollow(self, key: SessionKey) -> None:
        """Tell no more of this session."""
        followed = self._followed.pop(key, None)
        if followed is None:
            return
        stream = followed.stream
        stream.remove(key)
        if not stream.size:
            self._streams.remove(stream)
            await stream.end()

    async def close(self) -> None:
        """Tell nothing more, for good."""
        self._closed = True
        self._followed.clear()
        streams, self._streams = self._streams, []
        await asyncio.gather(*(stream.end() for stream in streams))

    def _stream_with_room(self) -> Stream:
        for stream in self._streams:
            if stream.size < self._targets_per_stream:
                return stream
        self._streams.append(Stream(self._source, self._tell, self._lost, self._pace))
        return self._streams[-1]

    def _lost(self, lost: Lost) -> None:
        # One line for all streams: what ends one of them mostly ends all.
        if not any(stream.is_down for stream in self._streams):
            log.warning("watch", outcome="lost", reason=lost.reason)

    def _tell(self, seen: Seen) -> None:
        followed = self._followed.get(seen.key)
        if followed is None or not followed.learns(seen):
            return
        if not seen.exists or has_expired(seen.expire_at, self._clock()):
            self._changed(seen.key, None)
            return
        try:
            session = decode(seen.data, Session, f"{SESSIONS}/{seen.key}")
        except StoreError as error:
            log.warning("watch", session=seen.key, outcome="unreadable", reason=str(error))
            return
        self._changed(seen.key, session)


class _Followed:
    """A session that is followed: on which stream, and what was told of it last."""

    __slots__ = ("exists", "seen_at", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.seen_at: datetime | None = None
        self.exists = True  # so that the first thing seen is news, whatever it is

    def learns(self, seen: Seen) -> bool:
        """Take what was seen unless it is old; say whether that is news."""
        if self.seen_at is not None and seen.at <= self.seen_at:
            return False
        news = seen.exists or self.exists
        self.seen_at, self.exists = seen.at, seen.exists
        return news
