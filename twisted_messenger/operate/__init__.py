"""
What an operator does at a terminal: look into a room, and steer it, through its door.

In: a command. Out: a table, or what a program reads. Begin with ``commands``.
"""
