#!/bin/bash
# Run by the PostgreSQL image when its volume is empty: a database and an owner each for the monitor and for Airflow.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv ceasefire_password CEASEFIRE_DB_PASSWORD
\getenv airflow_password AIRFLOW_DB_PASSWORD
CREATE ROLE ceasefire LOGIN PASSWORD :'ceasefire_password';
CREATE DATABASE ceasefire OWNER ceasefire;
CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE DATABASE airflow OWNER airflow;
REVOKE CONNECT ON DATABASE ceasefire, airflow FROM PUBLIC;
SQL
