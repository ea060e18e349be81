#!/bin/sh
# test.sh [all|check|unit|cli|replay|hostile]... - runs tests; the last line is the count.
#
#   all      set-up if something is missing, build, then check and hostile
#   check    rooms, unit, cli, replay of the fuzz corpora
#   hostile  the ASan+UBSan build: fuzz corpora again, and hostile files of the development data:
#            no signal, no report, the verdict met
#
#   B        build folder (build/release); LTM_SHARED: development data (../shared if there)
#   ASAN_LTM a sanitizer build of the command that is there already
set -u
cd "$(dirname "$0")/.." || exit 2
B=${B:-build/release}
JOBS=$(nproc 2>/dev/null || echo 2)
T=build/test
mkdir -p $T
passed=0 failed=0 skipped=0
export LTM_DICT="${LTM_DICT:-$PWD/build/words.dict}"
shared=${LTM_SHARED:-../shared}
[ -d "$shared/data" ] && { LTM_SHARED=$(cd "$shared" && pwd); export LTM_SHARED; } || shared=

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped $*"; }

build() { # target...
	make -s -j"$JOBS" "$@" > $T/build.log 2>&1 && return
	cat $T/build.log
	bad "build of $*"
	finish
}

rooms() { if sh scripts/rooms.sh; then ok; else bad "rooms: includes point downstream"; fi; }

# One test of cmocka is one test here; a program that dies counts as a failure too.
unit() {
	for src in tests/unit/t_*.c; do
		name=$(basename "$src" .c)
		[ -x "$B/tests/$name" ] || { bad "$name: not built"; continue; }
		CMOCKA_MESSAGE_OUTPUT=TAP "$B/tests/$name" > "$T/$name.tap" 2> "$T/$name.err"
		code=$?
		p=$(grep -c '^ok ' "$T/$name.tap"); f=$(grep -c '^not ok ' "$T/$name.tap")
		s=$(grep -ci '^ok .*# *skip\|^not ok .*# *skip' "$T/$name.tap")
		fs=$(grep -ci '^not ok .*# *skip' "$T/$name.tap")
		passed=$((passed + p - s + fs)); failed=$((failed + f - fs)); skipped=$((skipped + s))
		echo "$name: $((p - s + fs)) passed, $((f - fs)) failed, $s skipped"
		[ $((f - fs)) -eq 0 ] || { grep -A6 '^not ok' "$T/$name.tap"; tail -5 "$T/$name.err"; }
		[ $code -eq 0 ] || [ $((f - fs)) -gt 0 ] || { bad "$name: ended with code $code"; tail -5 "$T/$name.err"; }
	done
}

# tests/cli/X.sh prints a transcript; X.out is what it must be.
cli() {
	[ -x "$B/ltm" ] || { bad "cli: $B/ltm is not built"; return; }
	for t in tests/cli/t_*.sh; do
		name=$(basename "$t" .sh)
		rm -rf "$T/cli-$name"; mkdir -p "$T/cli-$name"
		LTM=$PWD/$B/ltm ROOT=$PWD LC_ALL=C.UTF-8 sh tests/cli/run.sh "$t" "$T/cli-$name" > "$T/$name.got" 2>&1
		code=$?
		if [ $code -eq 77 ]; then skip "$name: $(tail -1 "$T/$name.got")"
		elif diff -u "tests/cli/$name.out" "$T/$name.got" > "$T/$name.diff"; then ok; echo "$name: passed"
		else bad "$name"; head -60 "$T/$name.diff"
		fi
	done
}

# The fuzz targets of a build over every file that is at hand.
replay() { # build folder
	files=$(find tests/golden fuzz/corpus library ${LTM_SHARED:+"$LTM_SHARED/data/hostile"} \
		-type f -size -300k 2>/dev/null | sort)
	for src in fuzz/fuzz_*.c; do
		name=$(basename "$src" .c)
		[ -x "$1/replay/$name" ] || { bad "$1/replay/$name: not built"; continue; }
		if timeout 300 "$1/replay/$name" $files > "$T/$name.log" 2>&1; then
			ok; echo "$name of $1: $(tail -1 "$T/$name.log")"
		else bad "$name of $1 over the corpus"; tail -5 "$T/$name.log"
		fi
	done
}

# Every hostile file by the command that reads its kind. Verdicts of MANIFEST.tsv:
# accept 0, accept-warn 0 or 1, reject 1, 3 or 4, any any of them. A signal or a report fails.
hostile() {
	asan=${ASAN_LTM:-build/asan/ltm}
	if [ -z "${ASAN_LTM:-}" ]; then
		build FLAVOUR=asan build/asan/ltm replay
		replay build/asan
	fi
	[ -n "$shared" ] || { skip "hostile files: no development data (LTM_SHARED)"; return; }
	dir=$LTM_SHARED/data/hostile
	tail -n +2 "$dir/MANIFEST.tsv" > $T/hostile.tsv
	p=0
	while IFS='	' read -r path _ _ expect _; do
		case $path in
		yaml/*|weights/*|gguf/*) cmd=show ;;
		*) cmd="scenes --form glyph" ;;
		esac
		timeout 60 "$asan" $cmd "$dir/$path" > $T/hostile.out 2> $T/hostile.err
		code=$?
		case $expect in
		accept) want=' 0 ' ;; accept-warn) want=' 0 1 ' ;; reject) want=' 1 3 4 ' ;; *) want=' 0 1 3 4 ' ;;
		esac
		if grep -q 'AddressSanitizer\|runtime error\|LeakSanitizer' $T/hostile.err; then
			bad "hostile $path: sanitizer report"; head -5 $T/hostile.err
		elif grep -q "$(printf '\033')" $T/hostile.out $T/hostile.err; then
			bad "hostile $path: an escape byte came through"
		else
			case $want in
			*" $code "*) ok; p=$((p + 1)) ;;
			*) bad "hostile $path: exit $code, expected $expect: $(tail -1 $T/hostile.err)" ;;
			esac
		fi
	done < $T/hostile.tsv
	echo "hostile: $p files as expected"
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}

for what in "${@:-all}"; do
	case $what in
	all|check)
		[ "$what" = check ] || sh scripts/setup.sh > $T/setup.log 2>&1 || { cat $T/setup.log; bad "set-up"; finish; }
		build all unit-tests replay
		rooms; unit; cli; replay "$B"
		[ "$what" = check ] || hostile ;;
	unit) unit ;;
	cli) cli ;;
	replay) build replay; replay "$B" ;;
	hostile) hostile ;;
	*) echo "test.sh: no part '$what'" >&2; exit 2 ;;
	esac
done
finish
