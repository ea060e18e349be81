#!/bin/sh
# dict.sh LTM [OUT] - fetches the dictionary's source once and makes words.dict of it.
#
#   LTM   the program ltm (for `ltm dict FOLDER -o FILE`)
#   OUT   default build/words.dict
#
# The source is the npm package az, pinned below by version and SHA-256; nothing else is
# fetched. Without a network: put az-0.2.3.tgz into build/ or name it in LTM_AZ_TGZ.
set -eu

version=0.2.3
sha256=868de433b36150fa271aa7a93f5a7289bc91372a512a7463d00fa2a4e0d3ffe0
name=az-$version.tgz

[ $# -ge 1 ] || { echo "usage: $0 LTM [OUT]" >&2; exit 2; }
ltm=$1
out=${2:-build/words.dict}
dir=$(dirname "$out")
az=$dir/az

say() { echo "dict: $*"; }
fail() { echo "dict: $*" >&2; exit 1; }
good() { # file: is it the pinned one?
	[ -f "$1" ] || return 1
	if command -v sha256sum >/dev/null 2>&1; then
		sum=$(sha256sum "$1" | cut -d' ' -f1)
	else
		sum=$(shasum -a 256 "$1" | cut -d' ' -f1)
	fi
	[ "$sum" = "$sha256" ]
}

case $ltm in */*) ;; *) ltm=./$ltm ;; esac
[ -x "$ltm" ] || fail "$ltm is not a program; build it first (make)"
mkdir -p "$az"
tgz=$az/$name
if [ -n "${LTM_AZ_TGZ:-}" ]; then
	good "$LTM_AZ_TGZ" || fail "LTM_AZ_TGZ=$LTM_AZ_TGZ is not az $version (SHA-256 $sha256)"
	[ "$LTM_AZ_TGZ" = "$tgz" ] || cp "$LTM_AZ_TGZ" "$tgz"
elif ! good "$tgz" && good "$dir/$name"; then
	cp "$dir/$name" "$tgz"
fi
if ! good "$tgz"; then
	rm -f "$tgz"
	command -v npm >/dev/null 2>&1 ||
		fail "npm is missing: run scripts/setup.sh, or put $name into $dir/"
	say "fetching az $version by npm (7 MB)"
	(cd "$az" && npm pack --silent "az@$version" >/dev/null) ||
		fail "npm could not fetch az@$version; without a network put $name into $dir/"
	good "$tgz" || { rm -f "$tgz"; fail "what npm fetched is not az $version (SHA-256 $sha256)"; }
fi
say "unpacking"
rm -rf "$az/package"
tar -xzf "$tgz" -C "$az"
say "converting"
"$ltm" dict "$az/package/dicts" -o "$out" || fail "the dictionary could not be made"
rm -rf "$az/package"
say "$out is ready"
