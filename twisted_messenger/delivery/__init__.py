"""
An entry of the log becomes a push for every member but its sender.

In: a store's wakes, entries and members. Out: pushes, and how far each member has come. Begin with
``broadcaster``, then ``recipient`` and ``pushedmember``.
"""
