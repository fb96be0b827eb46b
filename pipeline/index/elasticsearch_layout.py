"""How the indices are laid over the machines of a cluster: shards and copies. Pure."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Layout:
    """`shards` of each month of articles: one serves up to some 50 GB a month, as many as there are data nodes share
    the work of larger ones. `replicas` of each shard; None: none on one node, and one as soon as there is a second."""

    shards: int = 1
    replicas: int | None = None

    def fitted(self, template: Mapping[str, Any], *, one_shard: bool = False) -> dict[str, Any]:
        """An index template under version control, laid out like this. `one_shard`: it is small whatever is set."""
        whole: dict[str, Any] = copy.deepcopy(dict(template))
        settings = whole["template"]["settings"]
        settings["number_of_shards"] = 1 if one_shard else self.shards
        if self.replicas is not None:
            del settings["auto_expand_replicas"]
            settings["number_of_replicas"] = self.replicas
        return whole
