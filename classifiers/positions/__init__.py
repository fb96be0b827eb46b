"""Positions: a development of an article made exact (TAXONOMY.md, "Positions").

The way of a text: lexicon (kinds of words) -> reading (sentences, mentions, roles) -> features -> model (trees) ->
assemble (who with whom) and ways (which way) -> finder, which joins them.
"""

from classifiers.positions.finder import PositionFinder, load_position_finder

__all__ = ["PositionFinder", "load_position_finder"]
