"""What is computed from a bulletin once, and kept as long as the bulletin is."""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import TypeVar
from weakref import WeakKeyDictionary

from service.store.bulletins import Bulletin

T = TypeVar("T")


def derived(compute: Callable[[Bulletin], T]) -> Callable[[Bulletin], T]:
    """Make a function of a bulletin remember what it returned, until the bulletin is let go.

    Threads that ask for the same at once wait for the first.
    """
    known: WeakKeyDictionary[Bulletin, T] = WeakKeyDictionary()
    lock = RLock()

    @wraps(compute)
    def remembered(bulletin: Bulletin) -> T:
        found = known.get(bulletin)
        if found is None:
            with lock:
                found = known.get(bulletin)
                if found is None:
                    found = known[bulletin] = compute(bulletin)
        return found

    return remembered
