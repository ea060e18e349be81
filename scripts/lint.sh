#!/bin/sh
# lint.sh - house rules that a machine can check: rooms, file heads, lengths, unique names.
set -u
cd "$(dirname "$0")/.." || exit 2
mkdir -p build
bad=0
say() { echo "lint: $*" >&2; bad=1; }
sh scripts/rooms.sh || bad=1
files=$(find src include -name "*.[ch]" | LC_ALL=C sort)
for f in $files; do
	[ "$(head -c 2 "$f")" = '/*' ] || say "$f does not begin by saying why it exists"
	case $(head -1 "$f") in "/* $(basename "$f") - "*) ;; *) say "$f: the first line names the file: /* NAME - purpose" ;; esac
	w=$(expand "$f" | LC_ALL=C.UTF-8 wc -L)
	[ "$w" -le 110 ] || echo "lint: note: $f: a line of $w columns" >&2
	[ "$(wc -l < "$f")" -le 700 ] || say "$f: $(wc -l < "$f") lines; a file holds one idea"
done
for f in src/*/*.c src/*/*/*.c; do basename "$f"; done | sort | uniq -d > build/lint.twice 2> /dev/null
while read -r n; do say "$n: more than one file has this name"; done < build/lint.twice
if command -v shellcheck > /dev/null; then
	shellcheck -s sh -S warning -e SC2086,SC1090,SC2046 scripts/*.sh tests/cli/*.sh || bad=1
fi
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
