"""
Several ``twistd chatserver`` that share a room in PostgreSQL, and what is done to them.

``python -m tests.cluster`` runs every scenario at its full size; the test suite runs small ones.
"""
