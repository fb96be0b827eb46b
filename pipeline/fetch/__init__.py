"""The network side of the intake: one polite, guarded, conditional GET a feed.

Nothing is re-exported: the settings are read by every command, the HTTP client only by those that fetch.
"""
