"""
The programs: options, the services that two of them describe, and commands that do one thing.

In: a command line. Out: a service for twistd, or what a command does and prints. Begin with
``chatserver`` and ``chatpeer``, and for the commands with ``script``.
"""
