"""
Tests that need real sockets: on 127.0.0.1 only, and bounded in time.
"""
