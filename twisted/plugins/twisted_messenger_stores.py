"""
What ``--store`` finds. Apart from the programs: a broken store must not make them unknown.
"""

from twisted_messenger.stores import StoreKind

memory = StoreKind("memory", "twisted_messenger.stores.memory.parseMemory")
sqlite = StoreKind("sqlite", "twisted_messenger.stores.sqlite.store.parseSQLite")
postgresql = StoreKind(
    "postgresql",
    "twisted_messenger.stores.postgresql.store.parsePostgreSQL",
    severalRooms=True,
    needs="psycopg[binary]",
)
