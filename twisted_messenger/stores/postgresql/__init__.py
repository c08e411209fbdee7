"""
A store that several nodes share, in PostgreSQL.

In: the calls of ``IMessageStore``. Out: rows, leases and notices. Begin with ``store``.
"""
