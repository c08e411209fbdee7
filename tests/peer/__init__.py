"""
Tests of ``twisted_messenger.peer``.
"""
