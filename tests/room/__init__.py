"""
Tests of ``twisted_messenger.room``.
"""
