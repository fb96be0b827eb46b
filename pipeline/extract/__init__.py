"""Entries made clean: text, address, identity, times, language and form of an article. Pure.

Nothing is re-exported: the identity rules are needed wherever articles are read, the language model only where they
are made.
"""
