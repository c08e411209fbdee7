"""
Tests of ``twisted_messenger.web``.
"""
