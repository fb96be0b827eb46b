"""Which generation of the Elasticsearch index is read and which is being built, kept beside the indices themselves.

One small document holds it, written under Elasticsearch's own optimistic concurrency; so every writer, on any machine,
learns of a rebuild with its next batch, and the state cannot be lost apart from the data that it speaks of.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from pipeline.errors import IndexUnavailableError
from pipeline.index.elasticsearch_client import Cluster
from pipeline.index.sqlite_schema import fingerprint

STATE_INDEX = "ceasefire-index-state"
_STATE_ID = "articles"
_MAPPING: dict[str, Any] = {"dynamic": False, "properties": {}}


@dataclass(frozen=True, slots=True)
class State:
    """`live` is read; `building`, if any, is filled beside it. `last`: the highest number ever given out."""

    live: int
    live_schema: str
    last: int
    building: int | None = None
    building_schema: str | None = None
    resumed_after: str = ""

    @property
    def rebuild_needed(self) -> str | None:
        """Why the live generation cannot be used, in words."""
        return None if self.live_schema == schema() else "it was made by another version of this program"

    @property
    def written(self) -> tuple[int, ...]:
        """The generations that an ordinary write must reach."""
        live = [self.live] if self.rebuild_needed is None else []
        return (
            *live,
            *([self.building] if self.building is not None and self.building_schema == schema() else []),
        )


@lru_cache(maxsize=1)
def template() -> dict[str, Any]:
    """The index template under version control."""
    text = files("pipeline.index").joinpath("elasticsearch_template.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def schema() -> str:
    """Equal for programs whose mapping and tokens are equal."""
    return f"{fingerprint()}-{_digest(json.dumps(template(), sort_keys=True))}"


def put_template(cluster: Cluster) -> None:
    """Let the months made from now on follow this program's template and the layout that is set."""
    cluster.client.indices.put_index_template(
        name="ceasefire-articles", **cluster.address.layout.fitted(template())
    )


def read(client: Elasticsearch) -> tuple[State, dict[str, Any]]:
    """The state, and what makes the next `written` fail if somebody else wrote in between. Makes both where there are none."""
    try:
        found = client.get(index=STATE_INDEX, id=_STATE_ID)
    except NotFoundError:
        _prepare(client)
        found = client.get(index=STATE_INDEX, id=_STATE_ID)
    return State(**found["_source"]), {
        "if_seq_no": found["_seq_no"],
        "if_primary_term": found["_primary_term"],
    }


def peek(client: Elasticsearch) -> State | None:
    """The state, or None where nothing was ever written; for readers, who may lack the right to write."""
    try:
        return State(**client.get(index=STATE_INDEX, id=_STATE_ID)["_source"])
    except NotFoundError:
        return None


def write(client: Elasticsearch, state: State, unless: dict[str, Any]) -> None:
    """Raises IndexUnavailableError if another process changed the state since it was read."""
    try:
        client.index(index=STATE_INDEX, id=_STATE_ID, document=asdict(state), refresh=True, **unless)
    except ConflictError as error:
        raise IndexUnavailableError(
            "Another process is changing the search index's generations; try again"
        ) from error


def begun(state: State) -> State:
    """With a new generation being built."""
    new = state.last + 1
    return replace(state, last=new, building=new, building_schema=schema(), resumed_after="")


def switched(state: State) -> State:
    """With the one being built as the live one."""
    assert state.building is not None
    return State(live=state.building, live_schema=state.building_schema or "", last=state.last)


def abandoned(state: State) -> State:
    """With nothing being built."""
    return replace(state, building=None, building_schema=None, resumed_after="")


def _prepare(client: Elasticsearch) -> None:
    client.options(ignore_status=400).indices.create(
        index=STATE_INDEX, mappings=_MAPPING, settings={"number_of_shards": 1, "auto_expand_replicas": "0-1"}
    )
    first = State(live=1, live_schema=schema(), last=1)
    client.options(ignore_status=409).index(
        index=STATE_INDEX, id=_STATE_ID, document=asdict(first), op_type="create", refresh=True
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
