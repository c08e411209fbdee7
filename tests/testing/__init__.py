"""
Tests of ``twisted_messenger.testing``.
"""
