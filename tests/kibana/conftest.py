"""The real Elasticsearch of the index tests, for what Kibana asks of it."""

from tests.pipeline.index.conftest import elasticsearch_url  # noqa: F401
