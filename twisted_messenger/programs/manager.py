"""
Tells the service manager that has started the program how it is, as systemd's sd_notify does.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def tellManager(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """
    Tell a state, if somebody wants to know.

    :param state: ``READY=1`` or ``STOPPING=1``.
    :param environ: for ``NOTIFY_SOCKET``: a path, or a name of the abstract namespace after an @.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    path = f"\0{address[1:]}" if address.startswith("@") else address
    # Who asked may be gone: that is no reason to end.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(state.encode(), path)
