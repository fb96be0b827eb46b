# One image for everything of ours: the official Airflow image, this package and its model. The `ceasefire` services run
# its commands, the Airflow services its DAGs. docs/deployment.md says how it is used.
ARG AIRFLOW_VERSION=3.3.2
FROM apache/airflow:${AIRFLOW_VERSION}-python3.11

USER root
RUN install --directory --owner airflow --group 0 --mode 775 \
      /opt/ceasefire /opt/ceasefire/source /opt/ceasefire/var /opt/ceasefire/var/import /opt/ceasefire/var/backup /opt/ceasefire/var/mail
USER airflow
WORKDIR /opt/ceasefire

# What Airflow brings keeps its version; what we bring gets the version that our tests ran with. The build fails where the
# two cannot live together. Airflow is named again so that nothing can replace it on the way.
COPY --chown=airflow:0 pyproject.toml constraints.txt README.md LICENSE source/
COPY --chown=airflow:0 pipeline source/pipeline
COPY --chown=airflow:0 classifiers source/classifiers
COPY --chown=airflow:0 deploy/beside_airflow.py source/
RUN python source/beside_airflow.py source/constraints.txt > source/beside-airflow.txt \
 && pip install --no-cache-dir --constraint source/beside-airflow.txt \
      "apache-airflow==${AIRFLOW_VERSION}" "./source[postgres,elasticsearch]" \
 && pip check \
 && rm -r source

COPY --chown=airflow:0 feeds.toml ./
COPY --chown=airflow:0 kibana kibana
COPY --chown=airflow:0 deploy/elasticsearch_setup.py deploy/
COPY --chown=airflow:0 dags dags

# The model loads and labels a text, without the network.
RUN ceasefire --help > /dev/null \
 && echo '{"id": "1", "title": "Russia rejects the 30-day truce", "text": "The Kremlin refused the offer."}' \
  | ceasefire tag - --json | grep --quiet development:rejected
