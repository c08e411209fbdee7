"""
Tests of ``twisted_messenger.programs``.
"""
