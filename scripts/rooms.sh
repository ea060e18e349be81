#!/bin/sh
# rooms.sh - proves that includes point upstream: a file includes its own room and rooms above
# it; foreign headers enter by their one door; the command uses only include/ltm.h.
set -eu
rooms="base num text words scenes concepts glyphs order model thought io app"
bad=0
rank() { n=0; for r in $rooms; do n=$((n + 1)); [ "$r" = "$1" ] && { echo $n; return; }; done; echo 0; }
say() { echo "rooms: $*" >&2; bad=1; }

for f in src/*/*.c src/*/*.h; do
	[ -f "$f" ] || continue
	room=$(basename "$(dirname "$f")"); mine=$(rank "$room")
	[ "$mine" -gt 0 ] || say "$f is in no room"
	for inc in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$f"); do
		case $inc in
		*/*) r=${inc%%/*}; theirs=$(rank "$r")
			[ "$theirs" -gt 0 ] || say "$f includes \"$inc\": no such room"
			[ "$theirs" -le "$mine" ] || say "$f includes \"$inc\": downstream" ;;
		ltm.h) [ "$room" = app ] || say "$f includes \"ltm.h\": only app may" ;;
		*) say "$f includes \"$inc\": name the room" ;;
		esac
	done
	case $f in src/app/main.c|src/app/cmd_*.c|src/app/cmd.h)
		for inc in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$f"); do
			case $inc in ltm.h|app/cmd.h) ;; *) say "$f includes \"$inc\": the command uses only ltm.h" ;; esac
		done ;;
	esac
done
door() { # header pattern, allowed file (or a pattern of files)
	hits=$(grep -lE "#[ \t]*include[ \t]*<$1" src/*/*.c src/*/*.h 2>/dev/null | grep -vxE "$2" || true)
	[ -z "$hits" ] || say "<$1> enters by $2 only, not by $hits"
}
door 'sqlite3\.h' 'src/io/store(_in\.h|\.c)'
door 'cblas\.h' src/num/gemm.c
door 'yaml\.h' src/io/yaml.c
door 'zip\.h' src/text/zip.c
door 'libxml/' src/text/xml.c
door 'uchardet' src/text/charset.c
door 'iconv\.h' src/text/charset.c
door 'zstd\.h' src/io/pack.c
door 'xxhash\.h' src/base/hash.c
door 'jansson\.h' src/io/json.c
for r in $rooms; do
	[ -d "src/$r" ] || say "room src/$r is missing"
	[ -f "src/$r/$r.h" ] || say "room src/$r has no header $r.h"
done
[ $bad -eq 0 ] && echo "rooms: $(ls src/*/*.c | wc -l) files, every include points upstream"
exit $bad
