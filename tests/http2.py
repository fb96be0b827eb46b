"""A web server on loopback that speaks HTTP/2 over TLS and nothing else, with a certificate made for tests."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

TLS = Path(__file__).parent / "data" / "tls"
"""A key that is no secret, and its certificate for localhost, news.example and 127.0.0.1, valid for a century."""


def trusting_context() -> ssl.SSLContext:
    """A client's context that trusts the certificate of the tests."""
    return ssl.create_default_context(cafile=str(TLS / "cert.pem"))


@contextmanager
def http2_server(body: bytes, *, ends: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve `body` to every request, and its end unless told otherwise; gives the address and the protocol agreed on for each connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    context.set_alpn_protocols(["h2"])
    agreed: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            # A client that does not trust us hangs up: that is what tests are about.
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                agreed.append(connection.selected_alpn_protocol() or "")
                _answer(connection, body, ends)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/rss", agreed
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _answer(connection: ssl.SSLSocket, body: bytes, ends: bool) -> None:
    protocol = H2Connection(H2Configuration(client_side=False))
    protocol.initiate_connection()
    connection.sendall(protocol.data_to_send())
    while data := connection.recv(65_536):
        for event in protocol.receive_data(data):
            if isinstance(event, RequestReceived):
                assert event.stream_id is not None
                headers = [(":status", "200"), ("content-type", "application/rss+xml"), ("etag", '"h2"')]
                protocol.send_headers(event.stream_id, headers)
                size = protocol.max_outbound_frame_size
                for start in range(0, len(body), size):
                    last = start + size >= len(body)
                    protocol.send_data(event.stream_id, body[start : start + size], end_stream=ends and last)
        connection.sendall(protocol.data_to_send())
