"""
An entry of the log becomes a push for every member but its sender.

In: wakes of a store. Out: pushes, and how far each member has come. Begin with ``broadcaster``.
"""
