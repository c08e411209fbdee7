"""
Which members this node serves, and which it must hand over or has lost. Pure.

Each has a partition for ever; partitions are taken, drained and lost by ``leases``.
"""

from collections.abc import Collection

from twisted_messenger.stores.postgresql.partitions import partitionOf


class ServedMembers:
    """
    The members of the partitions that this node has.
    """

    def __init__(self) -> None:
        #: Counts how often members were lost or given away: what was read before is too old.
        self.serial = 0
        self._served: dict[int, int] = {}
        self._draining: set[int] = set()
        self._leaving: dict[int, int] = {}
        self._departed: dict[int, int] = {}

    def forgetAll(self) -> None:
        """
        Nobody is served; partitions that are being given away still are.
        """
        for known in (self._served, self._leaving, self._departed):
            known.clear()

    def begin(self) -> None:
        """
        Nobody is served, and nothing is given away.
        """
        self.forgetAll()
        self._draining.clear()

    def serves(self, memberId: int) -> bool:
        """
        Note that a member of this node's is known.

        :returns: whether it is to be served, and not about to be another's.
        """
        number = partitionOf(memberId)
        if number in self._draining:
            return False
        self._served[memberId] = number
        self._leaving.pop(memberId, None)
        self._departed.pop(memberId, None)
        return True

    def forget(self, memberIds: Collection[int]) -> None:
        """
        Members have left the room.
        """
        for memberId in memberIds:
            for known in (self._served, self._leaving, self._departed):
                known.pop(memberId, None)

    def leavingSince(self, serial: int) -> list[int]:
        """
        Members that must be handed over, as became known after a serial number.
        """
        return [memberId for memberId, known in self._leaving.items() if known > serial]

    def departedSince(self, serial: int) -> list[int]:
        """
        Members that are another node's by now.
        """
        return [memberId for memberId, known in self._departed.items() if known > serial]

    def handedOver(self, memberIds: Collection[int]) -> None:
        """
        Nothing is under way for them any more, and how far they have come is written.
        """
        for memberId in memberIds:
            self._served.pop(memberId, None)
            self._leaving.pop(memberId, None)

    def drained(self) -> set[int]:
        """
        Partitions to be given away in which nobody is served any more.
        """
        return self._draining - set(self._served.values())

    def given(self, numbers: Collection[int]) -> None:
        """
        These are given away.
        """
        # What was read before still tells of their members as this node's.
        self.serial += 1
        self._draining.difference_update(numbers)

    def staying(self, numbers: Collection[int]) -> list[int]:
        """
        Of these partitions, those that are not to be given away.
        """
        return [number for number in numbers if number not in self._draining]

    def drain(self, numbers: Collection[int]) -> None:
        """
        These partitions are to be given away, when their members are handed over.
        """
        self._draining.update(numbers)
        self._tell(numbers, self._leaving)

    def lose(self, numbers: Collection[int]) -> None:
        """
        These are another node's by now.
        """
        self._draining.difference_update(numbers)
        self._tell(numbers, self._departed)
        for memberId in self._departed:
            self._served.pop(memberId, None)
            self._leaving.pop(memberId, None)

    def _tell(self, numbers: Collection[int], told: dict[int, int]) -> None:
        if not numbers:
            return
        self.serial += 1
        for memberId, number in self._served.items():
            if number in numbers:
                told[memberId] = self.serial
