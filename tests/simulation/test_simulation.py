"""
The whole server under kills, restarts and hostile members; see :mod:`tests.simulation`.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.simulation.ears import Trouble
from tests.simulation.mutants import MUTANTS
from tests.simulation.world import run

# Takes some seconds; ``python -m tests.simulation`` runs more.
_SEEDS = range(200)

# A short story for each mutant, and the promise that it breaks there.
_CAUGHT = {
    "loseConnection": (1, "delivery"),
    "lifo": (8, "order"),
    "cursor-early": (1, "delivery"),
    "no-fsync": (19, "delivery"),
    "cursor-never": (1, "twice"),
    "early-receipt": (0, "receipt"),
    "echo": (0, "own"),
    "double": (0, "one at a time"),
    "not-now-is-yes": (1, "delivery"),
    "no-is-not-now": (3, "twice"),
    "sent-is-acknowledged": (150, "vanished"),
    "never-held": (7, "work"),
    "no-way-blames": (152, "unplugged"),
    "moves-unseen": (12, "moved"),
    "merges-forget": (85, "twice"),
    "any-key": (3, "name"),
    "ack-ignored": (29, "delivery"),
    "options-forgotten": (0, "whole"),
    "no-history": (1, "delivery"),
    "raised-is-done": (63, "delivery"),
    "work-is-done": (1, "one at a time"),
    "never-back": (4, "rewind"),
    "wrong-receipt": (8, "receipt"),
    "one-message": (7, "receipt"),
    "waits-for-pauses": (3, "pauses"),
    "hanging-first": (31, "newcomer"),
    "failures-forgotten": (45, "eviction"),
    "copies-unnoticed": (17, "copy"),
    "impatient": (1, "patience"),
}


class SimulationTests(SynchronousTestCase):
    """
    What is promised holds, whatever happens.
    """

    def tearDown(self) -> None:
        """
        What the program's listener raises is logged.
        """
        self.flushLoggedErrors(Trouble)

    def test_promises(self) -> None:
        """
        Nothing that was acknowledged is lost, changes places, or comes twice without a reason.
        """
        for seed in _SEEDS:
            report = run(seed, collect=seed == _SEEDS[-1])
            self.assertIsNone(report.violation, f"python -m tests.simulation --start {seed}")

    def test_replay(self) -> None:
        """
        A seed always tells the same story, to the last event.
        """
        for seed in (18, 36):
            self.assertEqual(run(seed).events, run(seed).events)

    def test_mutants(self) -> None:
        """
        A server that is wrong in a known way is caught, and the real one is not.
        """
        self.assertEqual(_CAUGHT.keys(), MUTANTS.keys())
        for name, (seed, invariant) in _CAUGHT.items():
            violation = run(seed, MUTANTS[name]).violation
            assert violation is not None, name
            self.assertEqual((name, violation.invariant), (name, invariant))
            self.assertIsNone(run(seed).violation)
