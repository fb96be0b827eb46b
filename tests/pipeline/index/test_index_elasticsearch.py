"""What only the Elasticsearch index must do: survive the server's troubles, say what they are, keep its aliases right."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from classifiers.types import LabelDecision, Position
from pipeline.errors import IndexUnavailableError, SettingsError
from pipeline.index.open import open_index
from pipeline.query.nodes import Query
from tests.conftest import absent
from tests.elasticsearch_node import node
from tests.pipeline.index.corpus import START, documents

elasticsearch = pytest.importorskip("elasticsearch")

from pipeline.index import elasticsearch_client, elasticsearch_state, elasticsearch_write  # noqa: E402  # needs the client
from pipeline.index.elasticsearch import ElasticsearchIndex  # noqa: E402
from pipeline.index.elasticsearch_client import Address  # noqa: E402
from pipeline.index.elasticsearch_documents import body  # noqa: E402
from pipeline.index.elasticsearch_write import BATCH_BYTES, Write, batches  # noqa: E402
from pipeline.index.fields import searchable  # noqa: E402

Parse = Callable[[str], Query]


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Any]:
    with elasticsearch.Elasticsearch(elasticsearch_url) as opened:
        yield opened


@pytest.fixture
def index(elasticsearch_url: str) -> Iterator[ElasticsearchIndex]:
    opened = ElasticsearchIndex(elasticsearch_url, refresh=True)
    opened.clear()
    yield opened
    opened.close()


def test_month_and_generation_stand_in_the_name_and_the_alias_leaves_tombstones_out(
    index: ElasticsearchIndex, client: Any
) -> None:
    index.put(documents(40))
    index.delete({"a00000": 9, "unknown": 1})
    generation = index.info().generation
    names = sorted(client.indices.get_alias(name="ceasefire-articles").body)
    months = [
        f"ceasefire-articles-{month}-g{generation}" for month in ("2025.01", "2025.02", "2025.03", "2025.04")
    ]
    assert set(names) <= {*months, f"ceasefire-articles-tombstones-g{generation}"}
    assert client.count(index="ceasefire-articles")["count"] == 39
    assert client.count(index=f"ceasefire-articles-*-g{generation}")["count"] == 41


def test_second_write_lands_on_the_first_whatever_the_month_says(
    index: ElasticsearchIndex, query: Parse
) -> None:
    first = documents(1)[0]
    index.put([first])
    index.put([replace(first, revision=9, seen=first.seen + timedelta(days=90))])
    assert index.count(query("*")).value == 1


def test_mapping_knows_every_field_and_refuses_others(index: ElasticsearchIndex, client: Any) -> None:
    index.put(documents(40))
    name = next(iter(client.indices.get_alias(name="ceasefire-articles").body))
    with pytest.raises(elasticsearch.BadRequestError, match="strict"):
        client.index(index=name, document={"id": "x", "surprise": 1})


def test_article_that_the_mapping_refuses_is_set_aside_with_its_reason(
    index: ElasticsearchIndex, query: Parse
) -> None:
    good, bad = documents(2)
    report = index.put([good, replace(bad, outlet="x" * 40_000)])
    assert report.written == (good.id,)
    assert list(report.refused) == [bad.id]
    assert "immense" in report.refused[bad.id] or "32766" in report.refused[bad.id]
    assert index.count(query("*")).value == 1


def test_auto_creation_by_a_stray_write_is_refused(index: ElasticsearchIndex, client: Any) -> None:
    index.put(documents(1))
    with pytest.raises(elasticsearch.NotFoundError):
        client.index(index="ceasefire-articles-1999.01-g1", document={"id": "x"})


def test_read_only_index_is_told_as_such_and_heals(
    index: ElasticsearchIndex, client: Any, query: Parse
) -> None:
    index.put(documents(3))
    block = {"index.blocks.read_only_allow_delete": True}
    client.indices.put_settings(index="ceasefire-articles", settings=block)
    newer = [replace(document, revision=9) for document in documents(3)]
    with pytest.raises(IndexUnavailableError, match="read-only"):
        index.put(newer)
    assert index.count(query("*")).value == 3
    client.indices.put_settings(
        index="ceasefire-articles", settings={"index.blocks.read_only_allow_delete": None}
    )
    assert len(index.put(newer).written) == 3


def test_two_rebuilds_cannot_end_each_other_unnoticed(index: ElasticsearchIndex) -> None:
    first = index.rebuild()
    index.rebuild().finish()
    with pytest.raises(IndexUnavailableError, match="begin again"):
        first.put(documents(1))


def test_switch_moves_the_alias_and_drops_the_old_generation(index: ElasticsearchIndex, client: Any) -> None:
    index.put(documents(30))
    rebuild = index.rebuild()
    rebuild.put(documents(30))
    assert client.count(index="ceasefire-articles")["count"] == 30
    rebuild.finish()
    names = client.indices.get(index="ceasefire-articles-*").body
    assert all(str(name).endswith(f"-g{rebuild.generation}") for name in names)
    assert client.count(index="ceasefire-articles")["count"] == 30


def test_index_of_another_version_says_that_it_must_be_rebuilt(
    index: ElasticsearchIndex, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put(documents(3))
    monkeypatch.setattr(elasticsearch_state, "schema", lambda: "another")
    assert "another version" in (index.info().rebuild_needed or "")
    with pytest.raises(IndexUnavailableError, match="ceasefire reindex"):
        index.count(query("*"))
    with pytest.raises(IndexUnavailableError, match="ceasefire reindex"):
        index.put(documents(1))
    rebuild = index.rebuild()
    rebuild.put(documents(3))
    rebuild.finish()
    assert index.count(query("*")).value == 3


def test_article_is_shown_to_kibana_with_flat_positions_scores_and_evidence() -> None:
    document = replace(
        documents(1)[0],
        labels=(LabelDecision("actor:russia", 0.91234, 0.5, "yes", True, "Moscow said no."),),
        positions=(
            Position("rejected", ("russia", "belarus"), (), None, 0.9, "Moscow said no."),
            Position("deal-reached", (), (), "ended", 0.9, "It ended."),
        ),
    )
    held = body(document, searchable(document))
    assert held["position"] == ["rejected:belarus", "rejected:russia", "deal-reached:unclear"]
    assert held["acts"] == {"rejected_by": ["belarus", "russia"], "deal-reached_by": ["unclear"]}
    assert held["direction"] == ["deal-reached:ended"]
    assert held["scores"]["actor"]["russia"] == 0.9123
    assert held["evidence"] == ["Moscow said no.", "It ended."]


def test_batches_are_bounded_in_bytes_and_number() -> None:
    writes = [Write(str(number), 1, "2025.01", b"x" * (BATCH_BYTES // 3)) for number in range(8)]
    assert [len(batch) for batch in batches(writes)] == [3, 3, 2]
    assert [len(batch) for batch in batches([Write("a", 1, "2025.01", b"x")] * 1_001)] == [500, 500, 1]
    assert [len(batch) for batch in batches([Write("a", 1, "2025.01", b"x" * BATCH_BYTES * 2)] * 2)] == [1, 1]


def test_url_carries_credentials_and_ca_but_shows_neither(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    address = Address.parsed(f"https://writer:p%40ss@search.example:9243/prefix?ca={ca}")
    assert (address.user, address.password, address.ca) == ("writer", "p@ss", ca)
    assert address.url == "https://search.example:9243/prefix"
    assert "p@ss" not in repr(address)
    assert "writer" not in address.shown
    for url in (
        "http://",
        "https://host?cafile=x",
        f"https://host?ca={tmp_path}/none.pem",
        "http://host?shards=0",
        "http://host?replicas=many",
        "http://host?replicas=",
    ):
        with pytest.raises(SettingsError):
            Address.parsed(url)


def test_template_is_laid_out_as_the_url_says() -> None:
    def laid_out(url: str) -> dict[str, Any]:
        fitted = Address.parsed(url).layout.fitted(elasticsearch_state.template())
        settings: dict[str, Any] = fitted["template"]["settings"]
        return {name: value for name, value in settings.items() if "replicas" in name or "shards" in name}

    assert laid_out("http://host") == {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
    assert laid_out("http://host?shards=3&replicas=2") == {"number_of_shards": 3, "number_of_replicas": 2}
    assert "auto_expand_replicas" in elasticsearch_state.template()["template"]["settings"]


def test_months_made_after_a_change_of_layout_follow_it(elasticsearch_url: str, client: Any) -> None:
    for options, shards in (("", "1"), ("?shards=2&replicas=0", "2")):
        index = ElasticsearchIndex(elasticsearch_url + options, refresh=True)
        index.clear()
        index.put(documents(5))
        for held in client.indices.get_settings(index="ceasefire-articles").body.values():
            assert held["settings"]["index"]["number_of_shards"] == shards
        index.close()


def test_server_that_is_not_there_is_told_as_such(query: Parse) -> None:
    index = open_index(f"http://user:secret@127.0.0.1:{node.free_port()}")
    for ask in (lambda: index.put(documents(1)), lambda: index.count(query("*")), lambda: index.info()):
        with pytest.raises(IndexUnavailableError, match="cannot be reached") as caught:
            ask()
        assert "secret" not in str(caught.value)
    index.close()


class _Answers(BaseHTTPRequestHandler):
    """Answers with what the server object says, `answers` one after the other and then `answer` for ever: a status and a
    body, or silence."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))  # type: ignore[attr-defined]
        queued = self.server.answers  # type: ignore[attr-defined]
        status, text = queued.pop(0) if queued else self.server.answer  # type: ignore[attr-defined]
        if status is None:
            self.server.released.wait(10)  # type: ignore[attr-defined]
            return
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815  # the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Silent: test output is for failures."""


@pytest.fixture
def stand_in() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.asked, server.bodies, server.answers = [], [], []  # type: ignore[attr-defined]
    server.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (429, b'{"error":{"reason":"queue full"},"status":429}', "too much to do"),
        (503, b'{"error":{"reason":"no master"},"status":503}', "answered 503: no master"),
        (
            403,
            b'{"error":{"reason":"action [indices:data/write] is unauthorized"},"status":403}',
            "writer's role",
        ),
        (500, b'{"error":{"reason":"broken shard"},"status":500}', "broken shard"),
    ],
)
def test_server_in_trouble_is_retried_where_that_helps_and_told(
    stand_in: ThreadingHTTPServer,
    query: Parse,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    answer: bytes,
    said: str,
) -> None:
    monkeypatch.setattr(elasticsearch_client, "PAUSES_S", (0.01, 0.01))
    stand_in.answer = (status, answer)  # type: ignore[attr-defined]
    index = ElasticsearchIndex(f"http://127.0.0.1:{stand_in.server_port}")
    with pytest.raises(IndexUnavailableError, match=said):
        index.count(query("*"))
    asked = len(stand_in.asked)  # type: ignore[attr-defined]
    assert asked == (3 if status in elasticsearch_client.RETRIED else 1)
    index.close()


def test_slow_server_is_told_as_such(
    stand_in: ThreadingHTTPServer, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_client, "REQUEST_TIMEOUT_S", 0.2)
    monkeypatch.setattr(elasticsearch_client, "PAUSES_S", (0.01,))
    stand_in.answer = (None, b"")  # type: ignore[attr-defined]
    index = ElasticsearchIndex(f"http://127.0.0.1:{stand_in.server_port}")
    with pytest.raises(IndexUnavailableError, match="did not answer"):
        index.count(query("*"))
    index.close()


def test_items_that_a_full_queue_refused_are_sent_again_and_no_others(
    stand_in: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*statuses: int) -> tuple[int, bytes]:
        return 200, json.dumps(
            {"errors": True, "items": [{"index": {"status": it}} for it in statuses]}
        ).encode()

    monkeypatch.setattr(elasticsearch_client, "PAUSES_S", (0.01, 0.01))
    stand_in.answers = [answer(201, 429, 409, 429), answer(429, 201), answer(201)]  # type: ignore[attr-defined]
    cluster = elasticsearch_client.connected(f"http://127.0.0.1:{stand_in.server_port}", True)
    items = [({"index": {"_id": name}}, b"{}") for name in "abcd"]
    assert [item["status"] for item in elasticsearch_write.sent(cluster, items)] == [201, 201, 409, 201]
    assert [body.count(b"_id") for body in stand_in.bodies] == [4, 2, 1]  # type: ignore[attr-defined]
    assert b'"b"' in stand_in.bodies[2]  # type: ignore[attr-defined]
    cluster.client.close()


def until_shards_are_back(running: node.Node) -> None:
    """A node that was killed answers before it has read its shards again."""
    with elasticsearch.Elasticsearch(running.url, request_timeout=300) as client:
        client.cluster.health(wait_for_status="yellow", wait_for_no_initializing_shards=True, timeout="280s")


def own_node_or_absent() -> None:
    if reason := node.why_absent(may_download=False):
        absent("elasticsearch", f"this test needs a node of its own: {reason}")


def test_node_killed_in_the_middle_of_a_bulk_loses_and_doubles_nothing(tmp_path: Path, query: Parse) -> None:
    own_node_or_absent()
    corpus = [replace(document, seen=START) for document in documents(3_000)]
    with node.running(tmp_path / "node") as first:
        index = ElasticsearchIndex(first.url, refresh=True)
        index.put(corpus[:500])
        failures: list[Exception] = []

        def write() -> None:
            try:
                for _ in range(20):
                    index.put(replace(document, revision=9) for document in corpus)
            except IndexUnavailableError as error:
                failures.append(error)

        writer = threading.Thread(target=write)
        writer.start()
        while index.revisions([corpus[600].id]) == {} and writer.is_alive():
            pass
        first.kill()
        writer.join()
        assert len(failures) == 1
        index.close()
    with node.running(tmp_path / "node") as second:
        until_shards_are_back(second)
        index = ElasticsearchIndex(second.url, refresh=True)
        index.put(replace(document, revision=9) for document in corpus)
        held = []
        while page := index.scan(after=held[-1].id if held else "", limit=1_000):
            held.extend(page)
        assert [stored.id for stored in held] == sorted(document.id for document in corpus)
        assert index.count(query("*")).value == 3_000
        index.close()


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[node.Node, Path]]:
    """A node with users and TLS by a CA of its own, and that CA's file."""
    own_node_or_absent()
    folder = tmp_path_factory.mktemp("secured")
    certificates = node.cache_folder() / "config" / f"certificates-{folder.name}"
    certificates.mkdir(parents=True)
    certificate, key = certificates / "c.pem", certificates / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    settings = (
        "xpack.security.enabled=true",
        "secure:bootstrap.password=correct-horse",
        "xpack.security.transport.ssl.enabled=false",
        "xpack.security.http.ssl.enabled=true",
        f"xpack.security.http.ssl.key={certificates.name}/k.pem",
        f"xpack.security.http.ssl.certificate={certificates.name}/c.pem",
        "xpack.license.self_generated.type=trial",
    )
    try:
        with node.running(folder, settings) as running:
            until_users_are_known(running, certificate)
            yield running, certificate
    finally:
        certificate.unlink()
        key.unlink()
        certificates.rmdir()


def until_users_are_known(running: node.Node, ca: Path) -> None:
    """The first calls to a fresh node with security can be refused; it is ready when one is not."""
    deadline = datetime.now(UTC) + timedelta(seconds=120)
    with elasticsearch.Elasticsearch(
        running.url, basic_auth=("elastic", "correct-horse"), ca_certs=str(ca)
    ) as client:
        while datetime.now(UTC) < deadline:
            try:
                client.cluster.health(wait_for_status="yellow", timeout="10s")
                client.security.authenticate()
            except elasticsearch.ApiError:
                continue
            return
    raise RuntimeError("the node never accepted its own user")


def test_wrong_password_unknown_ca_and_missing_rights_each_say_so(
    secured: tuple[node.Node, Path], query: Parse
) -> None:
    running, ca = secured
    host = running.url.removeprefix("https://")
    right = ElasticsearchIndex(f"https://elastic:correct-horse@{host}?ca={ca}", refresh=True)
    right.put(documents(5))
    assert right.count(query("*")).value == 5
    with pytest.raises(IndexUnavailableError, match="refuses the user or the password"):
        ElasticsearchIndex(f"https://elastic:wrong@{host}?ca={ca}").count(query("*"))
    with pytest.raises(IndexUnavailableError, match="unknown CA"):
        ElasticsearchIndex(f"https://elastic:correct-horse@{host}").count(query("*"))
    with elasticsearch.Elasticsearch(
        running.url, basic_auth=("elastic", "correct-horse"), ca_certs=str(ca)
    ) as client:
        read = [{"names": ["ceasefire-*"], "privileges": ["read", "view_index_metadata"]}]
        client.security.put_role(name="reader", indices=read)
        client.security.put_user(username="reader", password="reads-only", roles=["reader"])
    reader = ElasticsearchIndex(f"https://reader:reads-only@{host}?ca={ca}")
    assert reader.count(query("*")).value == 5
    with pytest.raises(IndexUnavailableError, match="writer's role"):
        reader.put([replace(documents(1)[0], revision=9)])


def test_a_month_in_which_only_tombstones_are_left_goes_as_a_whole(
    index: ElasticsearchIndex, client: Any, query: Parse
) -> None:
    old, new = documents(2)
    old, new = (
        replace(old, seen=datetime(2025, 1, 9, tzinfo=UTC)),
        replace(new, seen=datetime(2025, 3, 9, tzinfo=UTC)),
    )
    index.put([old, new])
    assert index.drop_months(datetime(2025, 3, 1, tzinfo=UTC)) == ()
    index.delete({old.id: old.revision + 1})
    generation = index.info().generation
    assert index.drop_months(datetime(2025, 1, 20, tzinfo=UTC)) == (), "the month is not over"
    assert index.drop_months(datetime(2025, 3, 1, tzinfo=UTC)) == (
        f"ceasefire-articles-2025.01-g{generation}",
    )
    assert index.drop_months(datetime(2025, 3, 1, tzinfo=UTC)) == ()
    assert index.count(query("*")).value == 1
    index.put([replace(old, revision=old.revision + 2)])
    assert index.count(query("*")).value == 2, "the month can come again"
