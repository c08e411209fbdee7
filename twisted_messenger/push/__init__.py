"""
One message over one connection, confirmed by the peer's close.

In: an address and the bytes. Out: how it ended. Begin with ``creator``, which has the
short way, then ``general`` and ``protocol``.
"""
