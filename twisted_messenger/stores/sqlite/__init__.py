"""
A durable store in one SQLite file.

In: the calls of ``IMessageStore``. Out: rows on a disk. Begin with ``store``.
"""
