"""A new generation of the Elasticsearch index beside the old one: filled, switched at once, the old one dropped."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.errors import IndexUnavailableError
from pipeline.index import elasticsearch_state, elasticsearch_write
from pipeline.index.base import PutReport
from pipeline.index.elasticsearch_client import Cluster, speaking
from pipeline.index.elasticsearch_documents import ALIAS, all_of
from pipeline.index.elasticsearch_state import State
from pipeline.index.elasticsearch_write import FILTER, batches, prepared
from pipeline.types import Document


class ElasticsearchRebuild:
    """The Rebuild protocol. Its state lies in the cluster, so that another process can take it up."""

    def __init__(self, cluster: Cluster, generation: int, resumed_after: str) -> None:
        self._cluster = cluster
        self._client = cluster.client
        self._address = cluster.address
        self._generation = generation
        self._resumed_after = resumed_after

    @classmethod
    def begun(cls, cluster: Cluster) -> "ElasticsearchRebuild":
        """A fresh one, under this program's template, or the interrupted one if this program's schema began it."""
        client = cluster.client
        with speaking(cluster.address):
            state, unless = elasticsearch_state.read(client)
            if state.building is not None and state.building_schema == elasticsearch_state.schema():
                return cls(cluster, state.building, state.resumed_after)
            elasticsearch_state.put_template(cluster)
            new = elasticsearch_state.begun(state)
            elasticsearch_state.write(client, new, unless)
            drop(client, keep=new.live, also=new.last)
        return cls(cluster, new.last, "")

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def resumed_after(self) -> str:
        return self._resumed_after

    def put(self, documents: Iterable[Document]) -> PutReport:
        refused: dict[str, str] = {}
        written: list[str] = []
        superseded: list[str] = []
        for batch in batches(prepared(documents, refused)):
            with speaking(self._address):
                self._mine()
                outcome = elasticsearch_write.put(self._cluster, batch, self._generation, live=False)
                state, unless = self._mine()
                elasticsearch_state.write(self._client, replace(state, resumed_after=batch[-1].id), unless)
            written.extend(outcome.written)
            superseded.extend(outcome.superseded)
            refused |= outcome.refused
        return PutReport(tuple(written), tuple(superseded), refused)

    def finish(self) -> None:
        with speaking(self._address):
            state, unless = self._mine()
            self._switch_alias()
            elasticsearch_state.write(self._client, elasticsearch_state.switched(state), unless)
            drop(self._client, keep=self._generation)

    def abandon(self) -> None:
        with speaking(self._address):
            state, unless = self._mine()
            elasticsearch_state.write(self._client, elasticsearch_state.abandoned(state), unless)
            drop(self._client, keep=state.live)

    def _switch_alias(self) -> None:
        """All at once: readers see the old months until the moment at which they see the new ones."""
        indices = self._client.indices
        old_names = list(indices.get_alias(name=ALIAS).body) if indices.exists_alias(name=ALIAS) else []
        new_names = list(indices.get(index=all_of(self._generation), allow_no_indices=True).body)
        actions: list[dict[str, Any]] = [{"remove": {"index": name, "alias": ALIAS}} for name in old_names]
        actions += [{"add": {"index": name, "alias": ALIAS, "filter": FILTER}} for name in new_names]
        if actions:
            indices.update_aliases(actions=actions)

    def _mine(self) -> tuple[State, dict[str, Any]]:
        state, unless = elasticsearch_state.read(self._client)
        if state.building != self._generation:
            raise IndexUnavailableError(
                f"Another process has ended this rebuild of the search index (generation {self._generation}); begin again"
            )
        return state, unless


def drop(client: Elasticsearch, *, keep: int, also: int | None = None) -> None:
    """Delete the indices of all generations but `keep` and `also`."""
    names = client.indices.get(index=f"{ALIAS}-*", allow_no_indices=True).body
    kept = tuple(f"-g{number}" for number in (keep, also) if number is not None)
    for name in names:
        if not str(name).endswith(kept):
            client.options(ignore_status=404).indices.delete(index=str(name))
