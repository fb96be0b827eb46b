"""The network side of the intake: one polite, guarded, conditional GET a feed."""

from pipeline.fetch.client import fetch_feed, open_client
from pipeline.fetch.fetcher import Fetcher, FetchRequest
from pipeline.fetch.policy import NextPoll, next_poll
from pipeline.fetch.settings import FetchSettings

__all__ = ["FetchRequest", "FetchSettings", "Fetcher", "NextPoll", "fetch_feed", "next_poll", "open_client"]
