"""
A room in one call: all parts put together, and the order of their start and stop.

In: what a room is to be like. Out: a service that is one. Begin with ``assembly``.
"""
