"""
What a program does where standard input, output or error are closed, full or gone.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from twisted_messenger.errors import StartError

# By descriptor. What is written to, or read from, a closed one must go on failing: a message that
# nobody can see was not shown. What goes wrong may remain unsaid.
_STREAMS = (("stdin", os.O_WRONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))

_STDOUT = 1


def fillDescriptors() -> None:
    """
    Let nothing of ours become standard input, output or error where these are closed.

    A descriptor that is made takes the lowest free number: a socket would be written to by all who
    print. And twistd as a daemon puts ``/dev/null`` in the place of all three, whatever is there.

    :raises StartError: another one has that place already.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        # Python looks before it runs anything.
        if getattr(sys, f"__{name}__") is not None:
            continue
        if _isOpen(number):
            if _isFilled(number):
                continue
            raise StartError(
                f"{name} is closed, and something of twistd is in its place: without --reactor, "
                "or with twisted-messenger in place of twistd, it starts"
            )
        os.open(os.devnull, mode)
        if name != "stdin":
            # Who prints does not ask whether there is anything to print to.
            descriptor = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(descriptor, "w"))


def _isOpen(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _isFilled(number: int) -> bool:
    return os.path.samestat(os.fstat(number), os.stat(os.devnull))


@contextmanager
def standardOutput() -> Iterator[None]:
    """
    Print to standard output in here.

    Where nobody reads to the end (``--help | head -1``), the program ends in silence.

    :raises StartError: it cannot be written.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _discard()
        raise SystemExit(0) from None
    except OSError as error:
        _discard()
        raise StartError(f"standard output: {error.strerror}") from None


def _discard() -> None:
    # At its exit Python would try once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
