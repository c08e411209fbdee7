"""
The turns that sockets and calls take in memory.
"""

from tests.testing import turnscontract
from tests.waiting import MemoryWaiting


class MemoryTurnsTests(MemoryWaiting, turnscontract.TurnsContract):
    """
    The contract in memory.
    """
