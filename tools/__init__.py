"""
What makes files of the package; nothing here is installed.
"""
