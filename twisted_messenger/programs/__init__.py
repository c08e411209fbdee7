"""
The two programs: options, and the services that they describe.

In: a command line. Out: a service for twistd. Begin with ``chatserver`` and ``chatpeer``.
"""
