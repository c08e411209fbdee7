"""
Tests of ``twisted_messenger.push``.
"""
