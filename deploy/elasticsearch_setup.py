"""Prepare an Elasticsearch with security for the monitor and for Kibana; safe to run again at every start.

Kibana's own password, the writer's role and user, the analyst's user, then, as the writer, the index templates and the
index of this month, so that Kibana finds its data views' indices on the first day. The analyst's role comes with the
dashboards (`ceasefire kibana apply`). From the environment: ELASTICSEARCH_URL and the passwords named below.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from elasticsearch import ApiError, AuthenticationException, Elasticsearch, TransportError

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.index.elasticsearch import ElasticsearchIndex

WRITER, WRITER_ROLE = "ceasefire", "ceasefire-writer"
ANALYST, ANALYST_ROLE = "analyst", "ceasefire-analyst"
WRITER_RIGHTS: Mapping[str, Any] = {
    "cluster": ["monitor", "manage_index_templates"],
    "indices": [
        {
            "names": ["ceasefire-*"],
            "privileges": ["read", "write", "create_index", "manage", "view_index_metadata"],
        }
    ],
}
"""What docs/elasticsearch.md says that the writer needs, and no more."""

NEEDED = (
    "ELASTICSEARCH_URL", "ELASTIC_PASSWORD", "KIBANA_SYSTEM_PASSWORD", "ELASTICSEARCH_WRITER_PASSWORD", "ANALYST_PASSWORD",
)  # fmt: skip


def prepare(environment: Mapping[str, str]) -> None:
    """Do all of it, saying each step. Raises the client's errors, and PipelineError from the index."""
    url = environment["ELASTICSEARCH_URL"]
    client = Elasticsearch(url, basic_auth=("elastic", environment["ELASTIC_PASSWORD"]), request_timeout=60)
    client.security.change_password(username="kibana_system", password=environment["KIBANA_SYSTEM_PASSWORD"])
    print("password of kibana_system set")
    client.security.put_role(name=WRITER_ROLE, **WRITER_RIGHTS)
    client.security.put_user(
        username=WRITER, password=environment["ELASTICSEARCH_WRITER_PASSWORD"], roles=[WRITER_ROLE]
    )
    print(f"user {WRITER} with role {WRITER_ROLE}: writes the index")
    client.security.put_user(username=ANALYST, password=environment["ANALYST_PASSWORD"], roles=[ANALYST_ROLE])
    print(f"user {ANALYST} with role {ANALYST_ROLE}: reads")
    client.close()
    index = ElasticsearchIndex(_as_writer(url, environment["ELASTICSEARCH_WRITER_PASSWORD"]))
    index.prepare(utc_now())
    index.close()
    print("templates and the index of this month are there")


def _as_writer(url: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{WRITER}:{quote(password, safe='')}@{parts.netloc}"))


def main() -> int:
    """Exit code 0 done, 2 a variable is missing, 3 Elasticsearch refuses."""
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        print(f"error: {', '.join(missing)} must be set; `make env` writes them into .env", file=sys.stderr)
        return 2
    url = os.environ["ELASTICSEARCH_URL"]
    try:
        prepare(os.environ)
    except AuthenticationException:
        print(
            f"error: Elasticsearch at {url} refuses ELASTIC_PASSWORD. Its volume keeps the password that it was made with: "
            "put that one back into .env, or change it inside the container with bin/elasticsearch-reset-password",
            file=sys.stderr,
        )
        return 3
    except (ApiError, TransportError, PipelineError) as error:
        print(f"error: Elasticsearch at {url}: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
