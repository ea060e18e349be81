#!/bin/sh
# rooms.sh - proves that includes point upstream: a file includes its own room and rooms above
# it; foreign headers enter by their one door; the command uses only include/ltm.h. A room may have
# folders, one deep: what belongs together in a room too large to take in at once.
set -eu
rooms="base num text words scenes concepts glyphs order model thought io app"
bad=0
rank() { n=0; for r in $rooms; do n=$((n + 1)); [ "$r" = "$1" ] && { echo $n; return; }; done; echo 0; }
say() { echo "rooms: $*" >&2; bad=1; }

files=$(ls src/*/*.[ch] src/*/*/*.[ch])
[ -z "$(find src -mindepth 4 -name '*.[ch]')" ] || say "a folder within a folder of a room"
for f in $files; do
	room=${f#src/}; room=${room%%/*}; mine=$(rank "$room")
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
	case $f in src/app/cmd/*)
		for inc in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$f"); do
			case $inc in ltm.h|app/cmd/cmd.h) ;; *) say "$f includes \"$inc\": the command uses only ltm.h" ;; esac
		done ;;
	esac
done
door() { # header pattern, allowed file (or a pattern of files)
	hits=$(grep -lE "#[ \t]*include[ \t]*<$1" $files | grep -vxE "$2" || true)
	[ -z "$hits" ] || say "<$1> enters by $2 only, not by $hits"
}
door 'sqlite3\.h' 'src/io/store/store(_in\.h|\.c)'
door 'cblas\.h' src/num/mm/gemm.c
door 'yaml\.h' src/io/scenes/yaml.c
door 'zip\.h' src/text/zip.c
door 'libxml/' src/text/xml.c
door 'uchardet' src/text/charset.c
door 'iconv\.h' src/text/charset.c
door 'zstd\.h' src/io/pack.c
door 'xxhash\.h' src/base/hash.c
door 'jansson\.h' src/io/scenes/json.c
for r in $rooms; do
	[ -d "src/$r" ] || say "room src/$r is missing"
	[ -f "src/$r/$r.h" ] || say "room src/$r has no header $r.h"
done
[ $bad -eq 0 ] && echo "rooms: $(echo "$files" | grep -c "c$") files, every include points upstream"
exit $bad
