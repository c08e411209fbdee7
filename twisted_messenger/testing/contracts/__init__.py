"""
What every store must do, as tests: a store is finished when they pass.

In: a new store. Out: tests of all that a ``MessageStore`` promises. Begin with ``store``.
"""
