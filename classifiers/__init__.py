"""Texts in; labels, positions, evidence and embeddings out. Knows nothing of feeds, database or index."""
