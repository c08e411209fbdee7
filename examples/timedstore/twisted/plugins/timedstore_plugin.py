"""
How ``--store timed:...`` is found. There is no ``__init__.py`` in these folders, and must be none.
"""

from twisted_messenger.stores import StoreKind

timed = StoreKind("timed", "timedstore.parseTimed", severalRooms=True)
