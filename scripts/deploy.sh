#!/bin/sh
# On a server, as root: brings it to a version, and back to the one before when it does not become ready.
#
#   deploy.sh VERSION
#
#   POLARIS_RELEASES_URL, POLARIS_RELEASE_KEY  where releases are, and who signs them
#   POLARIS_DATA_DIR      /var/lib/polaris
#   POLARIS_BIN_DIR       /usr/local/bin
#   POLARIS_RESTART       what restarts the server: systemctl restart polaris-server
#   POLARIS_HEALTH        what is asked for readiness: http://127.0.0.1:4321/readyz
#   POLARIS_WAIT          seconds until it must be ready: 60
set -eu

main() {
  version=${1:?deploy.sh VERSION}
  data=${POLARIS_DATA_DIR:-/var/lib/polaris}
  bin=${POLARIS_BIN_DIR:-/usr/local/bin}
  restart=${POLARIS_RESTART:-systemctl restart polaris-server}
  health=${POLARIS_HEALTH:-http://127.0.0.1:4321/readyz}
  before=$("$bin/polaris" --version)
  [ "$before" != "$version" ] || { say "$version runs already"; exit 0; }

  new=$(mktemp -d "$bin/.deploy.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  fetch_installer "$new/install.sh"
  POLARIS_BIN_DIR="$new" sh "$new/install.sh" --version "$version"

  say "backing up before $before becomes $version"
  "$bin/polaris" backup --data-dir "$data" --to "$data/backups/deploy" --keep 3
  migrations=$("$new/polaris" migrate --check --data-dir "$data" --json || true)

  ln -f "$bin/polaris" "$bin/polaris.before"
  mv -f "$new/polaris" "$bin/polaris"
  if start && ready "$version"; then
    say "$version is ready"
    exit 0
  fi
  say "$version is not ready: going back to $before"
  mv -f "$bin/polaris.before" "$bin/polaris"
  start || true
  if ready "$before"; then
    say "$before is ready again"
  else
    say "$before does not start either. Migrations of $version: $migrations"
    say "The database from before: polaris restore, from $data/backups/deploy, into an empty data directory"
  fi
  exit 1
}

fetch_installer() {
  case "$POLARIS_RELEASES_URL" in
    http*) curl --fail --silent --show-error --location --output "$1" "${POLARIS_RELEASES_URL%/}/v$version/install.sh" ;;
    *) cp "$POLARIS_RELEASES_URL/v$version/install.sh" "$1" ;;
  esac
}

start() {
  sh -c "$restart"
}

# Ready, and of the version that it should be: the old process may still answer.
ready() {
  end=$(($(date +%s) + ${POLARIS_WAIT:-60}))
  while [ "$(date +%s)" -lt "$end" ]; do
    answer=$(curl --silent --insecure --max-time 5 "$health" || true)
    case "$answer" in *'"ready":true'*"\"version\":\"$1\""*) return 0 ;; esac
    sleep 1
  done
  return 1
}

say() {
  printf 'deploy: %s\n' "$1" >&2
}

main "$@"
