"""Streaming news monitor for ceasefire developments: feeds in, tagged and searchable articles and alerts out."""

__version__ = "0.1.0"
