"""Realtime: what functions publish, handed at once to whoever listens, and kept by nobody.

A message belongs to a topic of a channel. It goes to those who listen at that moment; who comes
later never gets it, and an engine that stops forgets it. That is the protocol's promise too.
"""

import asyncio
import json
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final

from mainstem.engine.clock import Clock, as_text
from mainstem.engine.realtime_tokens import Topic, make_token, read_token

Json = Any
MAX_MESSAGE_BYTES: Final = 512 * 1024
# What may wait for a subscriber that reads slowly; beyond that it is cut off. Dropping messages
# unseen would be worse: it could not know that it had missed some.
MAX_WAITING: Final = 1000
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024


# The topic of a run's own stream, whose pieces go out as they came in.
RAW: Final = "$stream"


class Ending(StrEnum):
    """Why a subscription is over."""

    LEFT = "left"
    LAGGED = "lagged"  # it read more slowly than was published
    CLOSING = "closing"  # the engine stops


class Subscription:
    """One listener: an asynchronous iterator over the messages, as JSON texts, until `ending`."""

    def __init__(self) -> None:
        self.topics: set[Topic] = set()
        self.ending: Ending | None = None
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> str:
        while not self._waiting:
            if self.ending is not None:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        text = self._waiting.popleft()
        self._waiting_bytes -= len(text)
        return text

    def put(self, text: str) -> None:
        """Hand it a message. One that has too many waiting for it loses them all, and ends."""
        if self.ending is not None:
            return
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        if len(self._waiting) > MAX_WAITING or self._waiting_bytes > MAX_WAITING_BYTES:
            self._waiting.clear()
            self.end(Ending.LAGGED)
        self._wake.set()

    def end(self, ending: Ending) -> None:
        """No more messages after those that wait; the first reason stays."""
        self.ending = self.ending or ending
        self._wake.set()


class Realtime:
    """Who listens to what. Its tokens are good for this engine until it stops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._listeners: defaultdict[Topic, set[Subscription]] = defaultdict(set)
        self._open: set[Subscription] = set()
        self._is_closed = False

    def grant(self, topics: Iterable[Topic]) -> str:
        """A token that lets its bearer listen to these topics, for a minute from now."""
        return make_token(self._secret, topics, now=self._clock.now())

    def granted(self, token: str) -> frozenset[Topic] | None:
        """The topics of a token; None when it is forged, of another engine or out of date."""
        return read_token(self._secret, token, now=self._clock.now())

    @contextmanager
    def subscribe(self, topics: Iterable[Topic]) -> Iterator[Subscription]:
        """Listen to these topics while the block runs. Over at once when the engine stops."""
        subscription = Subscription()
        self._open.add(subscription)
        self.add(subscription, topics)
        if self._is_closed:
            subscription.end(Ending.CLOSING)
        try:
            yield subscription
        finally:
            subscription.end(Ending.LEFT)
            self.remove(subscription, tuple(subscription.topics))
            self._open.discard(subscription)

    def add(self, subscription: Subscription, topics: Iterable[Topic]) -> None:
        """Listen to more topics."""
        for topic in topics:
            subscription.topics.add(topic)
            self._listeners[topic].add(subscription)

    def remove(self, subscription: Subscription, topics: Iterable[Topic]) -> None:
        """Listen to fewer topics."""
        for topic in topics:
            subscription.topics.discard(topic)
            listeners = self._listeners.get(topic, set())
            listeners.discard(subscription)
            if not listeners:
                self._listeners.pop(topic, None)

    def publish(self, topic: Topic, data: Json, *, kind: str = "data", **more: Json) -> int:
        """Hand a message to whoever listens to the topic now; how many they were.

        `more` are the message's other fields, such as `run_id`; those that are None are left out.
        """
        listeners = self._listeners.get(topic)
        if not listeners:
            return 0
        message = {
            "kind": kind,
            "channel": topic.channel,
            "topic": topic.name,
            "data": data,
            "created_at": as_text(self._clock.now()),
            **{name: value for name, value in more.items() if value is not None},
        }
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        for listener in tuple(listeners):
            listener.put(text)
        return len(listeners)

    def publish_raw(self, channel: str, text: str) -> int:
        """Hand a piece of a run's stream to whoever listens to it now; how many they were."""
        listeners = tuple(self._listeners.get(Topic(channel, RAW), ()))
        for listener in listeners:
            listener.put(text)
        return len(listeners)

    def close(self) -> None:
        """Tell every listener that the engine stops; a second call does nothing."""
        self._is_closed = True
        for subscription in tuple(self._open):
            subscription.end(Ending.CLOSING)
