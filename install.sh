#!/bin/sh
# Installs the polaris executable for this user: checks its SHA-256 before it is put in place.
#
#   POLARIS_RELEASES_URL  where the executables are; required. It holds polaris-<os>-<cpu> and SHA256SUMS
#   POLARIS_BIN_DIR       where polaris goes; ~/.local/bin by default
#
# Everything is in functions, called on the last line: a download cut short runs nothing.
set -eu

main() {
  releases=${POLARIS_RELEASES_URL:-}
  [ -n "$releases" ] || fail "POLARIS_RELEASES_URL is not set: the address of a folder with polaris-<os>-<cpu> and SHA256SUMS"
  [ -n "${POLARIS_BIN_DIR:-${HOME:-}}" ] || fail "neither POLARIS_BIN_DIR nor HOME is set"
  bin=${POLARIS_BIN_DIR:-$HOME/.local/bin}
  system=$(system)
  processor=$(processor)
  name="polaris-$system-$processor"

  mkdir -p "$bin"
  # Beside its destination, so that the last step is a rename: polaris is the old one or the new one, never half.
  temporary=$(mktemp -d "$bin/.polaris.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM

  say "fetching $name"
  fetch "${releases%/}/SHA256SUMS" "$temporary/SHA256SUMS"
  fetch "${releases%/}/$name" "$temporary/$name"
  verify "$temporary" "$name"
  chmod 755 "$temporary/$name"
  version=$("$temporary/$name" --version) || fail "$name does not run on this system"
  mv -f "$temporary/$name" "$bin/polaris"
  say "installed polaris $version in $bin"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "add it to your PATH: export PATH=\"$bin:\$PATH\"" ;;
  esac
}

system() {
  case "$(uname -s)" in
    Linux) echo linux ;;
    Darwin) echo darwin ;;
    *) fail "there is no polaris for $(uname -s)" ;;
  esac
}

processor() {
  case "$(uname -m)" in
    x86_64 | amd64)
      # A shell under Rosetta says x86_64 on an Apple processor.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then echo arm64; else echo x64; fi
      ;;
    aarch64 | arm64) echo arm64 ;;
    *) fail "there is no polaris for $(uname -m)" ;;
  esac
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1" || fail "could not fetch $1"
  elif command -v wget >/dev/null 2>&1; then
    wget --quiet --output-document="$2" "$1" || fail "could not fetch $1"
  else
    fail "curl or wget is needed"
  fi
}

verify() {
  expected=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$1/SHA256SUMS")
  [ -n "$expected" ] || fail "SHA256SUMS does not list $2"
  if command -v sha256sum >/dev/null 2>&1; then
    actual=$(sha256sum "$1/$2" | cut -d ' ' -f 1)
  else
    actual=$(shasum -a 256 "$1/$2" | cut -d ' ' -f 1)
  fi
  [ "$actual" = "$expected" ] || fail "$2 is not the file that SHA256SUMS names; nothing was installed"
}

say() {
  printf 'polaris: %s\n' "$1" >&2
}

fail() {
  say "$1"
  exit 1
}

main "$@"
