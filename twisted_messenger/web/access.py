"""
What an operator may choose about who comes in at the door. Pure.
"""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DoorAccess:
    """
    What an operator says of who may use the door.

    :param token: opens everything; "" where there is none.
    :param readOpen: whether everybody may read without it.
    :param proxies: the addresses of proxies whose X-Forwarded-For is believed.
    :param hosts: more names, ``NAME`` or ``NAME:PORT``, under which the door is known.
    """

    token: str = field(default="", repr=False)
    readOpen: bool = False
    proxies: Collection[str] = ()
    hosts: Collection[str] = ()
