#!/bin/sh
# llama2c.sh FOLDER [BUILD] - ours beside llama2.c's `run`, the same weights, one core, greedy, in turn.
#
#   in    a checkout of llama2.c (run.c, runq.c, Makefile); a build folder with bench/bench_generate
#   out   for each shape of bench_generate: tokens a second, fastest of ROUNDS (7), and the ratio of
#         ours to theirs, by float32 step by step, float32 with int8 drafts, and int8; and whether
#         the ids are the same
#
# It is built in a folder of its own by the Makefile's own fastest target for this machine, runomp
# (-Ofast -fopenmp -march=native), and run with one OpenMP thread. Both start with id 1 and say as
# many ids as the context holds; the time of loading is in neither.
set -eu
cd "$(dirname "$0")/../.."
from=${1:?a checkout of llama2.c} B=${2:-build/release} rounds=${ROUNDS:-7}
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cp "$from/run.c" "$from/runq.c" "$from/Makefile" "$T/"
make -s -C "$T" runomp > /dev/null 2>&1
"$B/bench/bench_generate" --write "$T"
pin() { taskset -c "${CORE:-0}" "$@"; }
speed() { sed -n 's/.*achieved tok\/s: //p' "$1"; }
best() { sort -rn "$1" | head -1; }
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

for shape in w256 stories15M; do
	n=255
	rm -f "$T"/*.s
	for i in $(seq "$rounds"); do
		OMP_NUM_THREADS=1 pin "$T/run" "$T/$shape.bin" -z "$T/$shape.tok" -t 0 -n 256 \
			> "$T/theirs" 2> "$T/err"
		speed "$T/err" >> "$T/theirs.s"
		for way in float32 draft int8; do
			pin "$B/bench/bench_generate" --speak $shape $way $n > "$T/$way" 2> "$T/err"
			speed "$T/err" >> "$T/$way.s"
		done
	done
	theirs=$(best "$T/theirs.s")
	echo "$shape: llama2.c $theirs tokens/s, $(tr -cd '<' < "$T/theirs" | wc -c) ids"
	for way in float32 draft int8; do
		ours=$(best "$T/$way.s")
		# llama2.c says one id less: it counts the first
		if [ "$(head -c "$(($(wc -c < "$T/theirs") - 1))" "$T/$way")" = "$(cat "$T/theirs")" ]; then
			same="the same ids"
		else
			same="other ids"
		fi
		echo "  $way $ours tokens/s, $(ratio "$ours" "$theirs") times, $same"
	done
	[ "$(cat "$T/float32")" = "$(cat "$T/draft")" ] && echo "  drafts change no id"
done
