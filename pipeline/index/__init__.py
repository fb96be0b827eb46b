"""The search index: derived from the database, rebuilt at any time, one protocol over two back ends."""
