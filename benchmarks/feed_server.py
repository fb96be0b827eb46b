"""A fast web server of generated feeds for benchmarks: `python -m benchmarks.feed_server PORT FEEDS ENTRIES`.

Serves /N.xml with an ETag, answers 304 to who has it, and moves on to new entries when asked for /advance/SHARE: then so
many of a hundred feeds have one new entry. Prints a line when it is ready.
"""

import asyncio
import sys
from datetime import UTC, datetime

from benchmarks.feed_files import document

START = datetime(2025, 3, 18, tzinfo=UTC)
FIRST = 100


class Feeds:
    """The documents, made when they are first asked for, at the entry that each feed has come to."""

    def __init__(self, feeds: int, entries: int) -> None:
        self.entries = entries
        self.newest = [FIRST] * feeds
        self._made: dict[int, bytes] = {}
        for feed in range(feeds):  # the making must not be measured
            self._make(feed)

    def _make(self, feed: int) -> bytes:
        self._made[feed] = document(feed, self.entries, newest=self.newest[feed], start=START)
        return self._made[feed]

    def advance(self, share: int) -> None:
        """Give `share` feeds of every hundred one new entry."""
        for feed in range(len(self.newest)):
            if feed % 100 < share:
                self.newest[feed] += 1
                self._make(feed)

    def answer(self, path: str, known: str) -> tuple[int, bytes, str]:
        """Status, body and ETag."""
        feed = int(path.strip("/").removesuffix(".xml"))
        etag = f'"{self.newest[feed]}"'
        return (304, b"", etag) if known == etag else (200, self._made[feed], etag)


async def serve(port: int, feeds: Feeds) -> None:
    """Answer until killed."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                path = lines[0].split(" ")[1]
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                if path.startswith("/advance/"):
                    feeds.advance(int(path.rpartition("/")[2]))
                    status, body, etag = 200, b"ok", ""
                else:
                    status, body, etag = feeds.answer(path, headers.get("if-none-match", ""))
                reason = "OK" if status == 200 else "Not Modified"
                writer.write(
                    f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/rss+xml\r\nETag: {etag}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + (body if status == 200 else b"")
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", port, backlog=512)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Feeds(int(sys.argv[2]), int(sys.argv[3]))))
