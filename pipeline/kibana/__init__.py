"""Kibana's face of the index: data views, dashboards and the analysts' role, kept as files and applied by one command."""
