#!/bin/sh
# lint.sh - house rules that a machine can check: rooms, file heads, lengths, unique names.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
say() { echo "lint: $*" >&2; bad=1; }
sh scripts/rooms.sh || bad=1
files=$(ls src/*/*.c src/*/*.h include/*.h 2> /dev/null)
for f in $files; do
	[ "$(head -c 2 "$f")" = '/*' ] || say "$f does not begin by saying why it exists"
	case $(head -1 "$f") in "/* $(basename "$f") - "*) ;; *) say "$f: the first line names the file: /* NAME - purpose" ;; esac
	awk -v f="$f" '{ t = $0; gsub(/\t/, "        ", t); if (length(t) > 110) print f ":" NR ": " length(t) " columns" }' "$f"
	[ "$(wc -l < "$f")" -le 700 ] || say "$f: $(wc -l < "$f") lines; a file holds one idea"
	grep -nE '^ +[^ *]' "$f" | head -2 | sed "s|^|lint: $f: spaces where tabs belong: |" >&2
done
for n in $(basename -a $(ls src/*/*.c) | sort | uniq -d); do
	case $n in heads.c|split.c|eval.c|pairs.c) ;; esac
	say "$n: more than one file has this name: $(ls src/*/"$n" | tr '\n' ' ')"
done
if command -v shellcheck > /dev/null; then
	shellcheck -s sh -S warning -e SC2086 scripts/*.sh tests/cli/*.sh || bad=1
fi
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
