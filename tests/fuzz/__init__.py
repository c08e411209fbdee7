"""
Inputs that nobody thought of: bytes for the wire, and whole conversations with a room.

::

    cases --> corpus --pick, mutate--> input --> Target.check --failed--> shrunk, shown
                 ^                                    |
                 '---- took a way not seen before ----'

Ways are pairs of lines of the package that ran one after the other, and roughly how often. An
input that finds a new one is kept and mutated further, so that step by step the inputs reach what
chance alone would not. The same seed and the same number of executions always try the same inputs;
``python -m tests.fuzz`` runs for as long as one likes.
"""
