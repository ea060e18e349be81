#!/bin/sh
# coder.sh FILE... - bytes that PPMd and LZMA2 (libarchive's 7-zip writer) make of files: peers of
# the ledger's own coder (bench_idcode). Needs libarchive-dev; the product does not.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/peers
# shellcheck disable=SC2046
${CC:-cc} -O2 bench/peers/ppmd.c $(pkg-config --cflags --libs libarchive) -o build/peers/ppmd
for f in "$@"; do
	echo "$f"
	build/peers/ppmd "$f"
done
