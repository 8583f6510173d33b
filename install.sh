#!/bin/sh
# Installs the polaris executable: checks the release's signature and the file's SHA-256 before it is put in place.
#
#   install.sh [--version X.Y.Z] [--prefix DIR] [--from-source [DIR]] [--unsigned]
#
#   --version X.Y.Z   that version instead of the newest
#   --prefix DIR      into DIR/bin; default: /usr/local for root, else ~/.local
#   --from-source     build it: in DIR (default: here), a clone of the project; takes Node 18 or Bun
#   --unsigned        go without the signature; the checksum is compared all the same
#
#   POLARIS_RELEASES_URL  where releases are, an address or a folder
#   POLARIS_RELEASE_KEY   the key they are signed with (minisign's public key), when none is written below
#   POLARIS_BIN_DIR       where polaris goes, instead of --prefix
#
# Everything is in functions, called on the last line: a download cut short runs nothing.
set -eu

# Written in by the release.
RELEASES_URL=""
RELEASE_KEY=""

main() {
  version="" prefix="" source="" unsigned=""
  while [ $# -gt 0 ]; do
    case "$1" in
      --version) version=${2:?--version takes one}; shift 2 ;;
      --prefix) prefix=${2:?--prefix takes a folder}; shift 2 ;;
      --from-source)
        source=.
        shift
        case "${1:---}" in --*) ;; *) source=$1; shift ;; esac
        ;;
      --unsigned) unsigned=1; shift ;;
      *) fail "unknown option $1" ;;
    esac
  done
  if [ -z "$prefix" ]; then
    if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=${HOME:-}/.local; fi
  fi
  bin=${POLARIS_BIN_DIR:-$prefix/bin}
  case "$bin" in /*) ;; *) fail "neither --prefix, POLARIS_BIN_DIR nor HOME says where to" ;; esac
  name="polaris-$(system)-$(processor)"

  mkdir -p "$bin"
  # Beside its destination, so that the last step is a rename: polaris is the old one or the new one, never half.
  temporary=$(mktemp -d "$bin/.polaris.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM

  if [ -n "$source" ]; then build "$source" "$name"; else download "$name"; fi
  chmod 755 "$temporary/polaris"
  installed=$("$temporary/polaris" --version) || fail "$name does not run on this system"
  [ -z "$version" ] || [ "$installed" = "$version" ] || fail "this is $installed, not $version; nothing was installed"
  mv -f "$temporary/polaris" "$bin/polaris"
  say "installed polaris $installed in $bin"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "add it to your PATH: export PATH=\"$bin:\$PATH\"" ;;
  esac
}

download() {
  releases=${POLARIS_RELEASES_URL:-$RELEASES_URL}
  [ -n "$releases" ] || fail "POLARIS_RELEASES_URL is not set: the address or folder of the releases"
  releases=${releases%/}
  [ -z "$version" ] || releases="$releases/v$version"
  say "fetching $1"
  fetch "$releases/SHA256SUMS" "$temporary/SHA256SUMS"
  if [ -z "$unsigned" ]; then
    fetch "$releases/SHA256SUMS.minisig" "$temporary/SHA256SUMS.minisig"
    signed "$temporary/SHA256SUMS"
  fi
  fetch "$releases/$1.tar.gz" "$temporary/$1.tar.gz"
  verify "$temporary" "$1.tar.gz"
  tar -xzf "$temporary/$1.tar.gz" -C "$temporary" polaris || fail "$1.tar.gz cannot be unpacked"
}

build() {
  [ -f "$1/scripts/run.mjs" ] || fail "$1 is no clone of the project"
  command -v node >/dev/null 2>&1 || command -v bun >/dev/null 2>&1 || fail "building takes Node 18 or Bun"
  runner=$(command -v node || command -v bun)
  say "building $2"
  (cd "$1" && "$runner" scripts/run.mjs build) >&2 || fail "the build failed; nothing was installed"
  cp "$1/dist/$2" "$temporary/polaris"
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
  case "$1" in
    http://* | https://*) ;;
    file://*) cp "${1#file://}" "$2" 2>/dev/null || fail "could not fetch $1"; return ;;
    *) cp "$1" "$2" 2>/dev/null || fail "could not fetch $1"; return ;;
  esac
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1" || fail "could not fetch $1"
  elif command -v wget >/dev/null 2>&1; then
    wget --quiet --output-document="$2" "$1" || fail "could not fetch $1"
  else
    fail "curl or wget is needed"
  fi
}

# minisign's signature of the file $1: by minisign itself, else by OpenSSL 3. It signs the file's BLAKE2b-512 with
# Ed25519; key and signature are base64, with two bytes of algorithm and eight of the key's number before them.
signed() {
  key=${RELEASE_KEY:-${POLARIS_RELEASE_KEY:-}}
  [ -n "$key" ] || fail "POLARIS_RELEASE_KEY is not set: whom to believe? (--unsigned goes without)"
  if command -v minisign >/dev/null 2>&1; then
    minisign -Vqm "$1" -P "$key" >/dev/null 2>&1 || forged
    return
  fi
  case "$(openssl version 2>/dev/null || true)" in
    "OpenSSL "[3-9]*) ;;
    *) fail "checking the signature takes minisign or OpenSSL 3 (--unsigned goes without)" ;;
  esac
  signature=$(sed -n 2p "$1.minisig")
  printf '%s' "$key" | openssl base64 -d -A >"$1.key"
  printf '%s' "$signature" | openssl base64 -d -A >"$1.sig"
  [ "$(size "$1.key") $(size "$1.sig")" = "42 74" ] || forged
  [ "$(head -c 2 "$1.sig")" = ED ] || forged
  [ "$(tail -c +3 "$1.key" | head -c 8 | openssl base64)" = "$(tail -c +3 "$1.sig" | head -c 8 | openssl base64)" ] || forged
  # An Ed25519 key as OpenSSL reads it: 12 bytes that never change, then the key.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c 32 "$1.key"; } >"$1.der"
  tail -c 64 "$1.sig" >"$1.raw"
  openssl dgst -blake2b512 -binary "$1" >"$1.hash"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$1.der" -rawin -in "$1.hash" -sigfile "$1.raw" \
    >/dev/null 2>&1 || forged
}

forged() {
  fail "the release is not signed with the known key; nothing was installed"
}

size() {
  wc -c <"$1" | tr -d ' '
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
