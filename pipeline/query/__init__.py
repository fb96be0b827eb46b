"""The query language: a string becomes one typed tree, which both search back ends render and which can be said in words.

Pure: nothing here opens a file, a socket or a clock.
"""
