"""What all simulated systems share: one clock, one queue of coming events, one seeded random source.

Everything that happens by itself is an event at a time after the start, drawn in a fixed order from the
seed. `advance` runs what is due under its own time, so the state at a moment does not depend on who asked
when. Only actions from outside add to that.
"""
import heapq
import random
import threading
import time
from datetime import datetime, timezone
from typing import Callable, List, Optional, Tuple

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0


def iso(t: Optional[float], digits: int = 6) -> Optional[str]:
    """2026-11-22T14:02:03.000000Z, or None."""
    if t is None:
        return None
    text = datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[: 20 + digits] + "Z" if digits else text[:19] + "Z"


def day(t: float) -> str:
    return iso(t)[:10]


def parse_time(text: str) -> float:
    """ISO 8601 with a zone; ValueError otherwise, as the real servers refuse it."""
    value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if value.tzinfo is None:
        raise ValueError("time without a zone")
    return value.timestamp()


class World:
    def __init__(self, seed: int, now: Callable[[], float] = time.time) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.lock = threading.RLock()
        self.clock = now
        self.start = float(int(now()))
        self.now = self.start
        self.actions: List[dict] = []
        self._queue: List[Tuple[float, int, Callable[[], None]]] = []
        self._n = 0

    def uuid(self) -> str:
        h = "%032x" % self.rng.getrandbits(128)
        return "-".join((h[:8], h[8:12], "4" + h[13:16], "a" + h[17:20], h[20:]))

    def hexid(self, digits: int = 32) -> str:
        return "%0*x" % (digits, self.rng.getrandbits(4 * digits))

    def at(self, t: float, what: Callable[[], None]) -> None:
        """`t` is seconds after now."""
        self._n += 1
        heapq.heappush(self._queue, (self.now + t, self._n, what))

    def every(self, seconds: float, what: Callable[[], None]) -> None:
        def again() -> None:
            what()
            self.at(seconds, again)

        self.at(seconds, again)

    def advance(self) -> None:
        """Runs everything that is due; the caller holds the lock."""
        target = max(self.clock(), self.now)
        while self._queue and self._queue[0][0] <= target:
            t, _, what = heapq.heappop(self._queue)
            self.now = max(self.now, t)
            what()
        self.now = target

    def did(self, system: str, what: str, target: str, by: str = "") -> None:
        """Remembers what reached us from outside, for tests."""
        self.actions.append({"at": iso(self.now), "system": system, "action": what, "target": target, "by": by})
