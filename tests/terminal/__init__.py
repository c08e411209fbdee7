"""
Tests of ``twisted_messenger.terminal``.
"""
