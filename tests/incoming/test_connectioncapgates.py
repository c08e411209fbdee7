"""
When accepting pauses, and when it goes on.
"""

from twisted.logger import LogLevel

from tests.incoming.connectioncaprig import ConnectionCapTestCase


class GateTests(ConnectionCapTestCase):
    """
    A gate is told how many may come in.
    """

    def setUp(self) -> None:
        """
        Four in all.
        """
        super().setUp()
        self.make(4, 0)

    def assertVacancies(self, vacancies: int) -> None:
        """
        Fail unless that is what the gate was told last.
        """
        self.assertEqual(self.vacancies[-1:], [vacancies])

    def test_vacancies(self) -> None:
        """
        In a house that fills, the gate hears how many more may come, once for all who came at a
        time.
        """
        for times, vacancies in ((2, 2), (1, 1), (1, 0)):
            self.vacancies.clear()
            self.enter(times=times)
            self.assertEqual(self.vacancies, [vacancies])

    def test_full(self) -> None:
        """
        A full house is closed, until somebody leaves.
        """
        visitors = self.enter(times=4)
        self.assertVacancies(0)
        self.cap.tryOpening()
        self.assertVacancies(0)
        self.cap.leave(visitors[0])
        self.assertVacancies(1)
        self.enter()
        self.assertVacancies(0)

    def test_silence(self) -> None:
        """
        Or until somebody has fallen silent, who can make room for one.
        """
        self.enter(times=4)
        self.clock.advance(0.99)
        self.cap.tryOpening()
        self.assertVacancies(0)
        self.clock.advance(0.01)
        self.cap.tryOpening()
        self.assertVacancies(1)

    def test_silentWhenFull(self) -> None:
        """
        A house is not closed while somebody can make room for the next one.
        """
        self.enter(times=3)
        self.clock.advance(1)
        self.enter()
        self.assertVacancies(1)
        self.assertEqual(self.counters["paused"], 0)

    def test_severalGates(self) -> None:
        """
        Several gates share what is left.
        """
        self.make(9, 0)
        other: list[int] = []
        self.cap.gates.append(other.append)
        for times, each in ((5, 2), (2, 1), (2, 0)):
            self.enter(times=times)
            self.assertVacancies(each)
            self.assertEqual(other[-1:], [each])

    def test_counted(self) -> None:
        """
        Every pause is counted, once.
        """
        for number in range(1, 4):
            visitors = self.enter(times=4)
            self.cap.tryOpening()
            self.assertEqual(self.counters["paused"], number)
            for visitor in visitors:
                self.cap.leave(visitor)

    def test_logged(self) -> None:
        """
        The operator reads of it once a minute.
        """
        for _ in range(3):
            for visitor in self.enter(times=4):
                self.cap.leave(visitor)
        line = "4 connections are open; others wait"
        self.assertEqual(self.log.lines(LogLevel.warn), [line])
        for seconds, lines in ((59.9, 1), (0.1, 2)):
            self.clock.advance(seconds)
            for visitor in self.enter(times=4):
                self.cap.leave(visitor)
            self.assertEqual(self.log.lines(LogLevel.warn), [line] * lines)
