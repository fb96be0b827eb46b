"""Entries made clean: text, address, identity, times, language and form of an article. Pure."""

from pipeline.extract.build import Extracted, ExtractLimits, extract_article, extract_feed

__all__ = ["ExtractLimits", "Extracted", "extract_article", "extract_feed"]
