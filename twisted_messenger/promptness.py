"""
A coroutine that need not wait, without what waiting takes.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail

T = TypeVar("T")


def promptly(work: Coroutine[Any, Any, T]) -> "T | Deferred[T]":
    """
    Carry out a coroutine, at once as far as all that it awaits is there: with a store in memory, a
    Deferred for it would cost as much as what it does.

    :param work: awaits Deferreds; they are asked twice where they have not fired.
    :returns: what it came to; or a Deferred, if it waits or has raised.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    except Exception:
        return fail()
    return Deferred.fromCoroutine(work)
