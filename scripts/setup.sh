#!/bin/sh
# setup.sh - installs what the build needs: Debian packages, npm for the dictionary.
# Runs again without harm: what is there is left alone. Needs root or sudo only when
# something is missing. On a system without apt-get it says what to install and stops.
set -eu

tools="build-essential pkg-config scdoc"
libs="libyaml-dev libjansson-dev libxml2-dev libzip-dev libuchardet-dev libutf8proc-dev \
libsqlite3-dev libzstd-dev libxxhash-dev libmicrohttpd-dev libopenblas-openmp-dev libcmocka-dev"

say() { echo "setup: $*"; }

have() { # package: installed, as dpkg sees it
	dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

if ! command -v apt-get >/dev/null 2>&1; then
	missing=""
	for pc in yaml-0.1 jansson libxml-2.0 libzip uchardet libutf8proc sqlite3 libzstd libxxhash \
	          libmicrohttpd cmocka; do
		pkg-config --exists "$pc" 2>/dev/null || missing="$missing $pc"
	done
	[ -e "/usr/lib/$(gcc -print-multiarch 2>/dev/null)/openblas-openmp" ] ||
		missing="$missing openblas(OpenMP)"
	for t in cc make pkg-config npm scdoc; do
		command -v "$t" >/dev/null 2>&1 || missing="$missing $t"
	done
	if [ -z "$missing" ]; then
		say "everything is here"
		exit 0
	fi
	cat >&2 <<EOF
setup: this system has no apt-get. Install with its own package manager, headers included:
  a C11 compiler, make, pkg-config, scdoc, npm (only to fetch the dictionary once),
  libyaml >= 0.2.5, jansson >= 2.14, libxml2 >= 2.9, libzip >= 1.7, uchardet >= 0.0.7,
  utf8proc >= 2.8, SQLite >= 3.40 with FTS5, zstd, xxhash, libmicrohttpd >= 0.9.75, cmocka,
  OpenBLAS built with OpenMP
setup: not found here:$missing
EOF
	exit 1
fi

missing=""
for p in $tools $libs; do
	have "$p" || missing="$missing $p"
done
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -z "$missing" ]; then
	say "everything is here"
	exit 0
fi

root=""
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: missing:$missing" >&2
		echo "setup: run as root:  apt-get install -y --no-install-recommends$missing" >&2
		exit 1
	fi
	root="sudo"
fi
say "missing:$missing"
say "reading the package lists"
$root env DEBIAN_FRONTEND=noninteractive apt-get update -q ||
	say "package lists could not be renewed; trying with those at hand"
say "installing"
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -q --no-install-recommends $missing
say "done"
