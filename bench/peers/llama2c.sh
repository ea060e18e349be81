#!/bin/sh
# llama2c.sh FOLDER [MODEL...] - ours beside llama2.c's `run`: the same weights, one core, in turn.
#
#   in    a checkout of llama2.c (run.c, runq.c, Makefile); folders of tellers and names of shapes of
#         bench_generate (w256 and stories15M, random weights, when none is given); B: the build folder
#   out   for each model, greedy and drawn (temperature 0.8, top-p 0.95): tokens a second, the fastest of
#         ROUNDS (7), and the ratio of ours to theirs by float32 step by step, float32 with int8 drafts,
#         and int8; for greedy also whether the ids are the same
#
# It is built in a folder of its own by the Makefile's own fastest target for this machine, runomp
# (-Ofast -fopenmp -march=native), and run with one OpenMP thread. Both start with id 1 and say 255 more;
# the time of loading is in neither. It reads each token's piece and writes it out, as ours does.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
from=${1:?a checkout of llama2.c}
shift
[ $# -gt 0 ] || set -- w256 stories15M
bench=$here/${B:-build/release}/bench/bench_generate
[ -x "$bench" ] || bench=${B:?}/bench/bench_generate
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cp "$from/run.c" "$from/runq.c" "$from/Makefile" "$T/"
make -s -C "$T" runomp > /dev/null 2>&1
pin() { taskset -c "${CORE:-0}" "$@"; }
speed() { sed -n 's/.*achieved tok\/s: //p' "$1"; }
best() { sort -rn "$1" | head -1; }

for model in "$@"; do
	"$bench" --write "$T" "$model"
	for heat in 0 0.8; do
		rm -f "$T"/*.s
		for i in $(seq "${ROUNDS:-7}"); do
			OMP_NUM_THREADS=1 pin "$T/run" "$T/model.bin" -z "$T/model.tok" -t $heat -p 0.95 -s "$i" -n 256 \
				> "$T/theirs" 2> "$T/err"
			speed "$T/err" >> "$T/theirs.s"
			for way in float32 draft int8; do
				pin "$bench" --speak "$model" $way 255 $heat > "$T/$way" 2> "$T/$way.err"
				speed "$T/$way.err" >> "$T/$way.s"
			done
		done
		theirs=$(best "$T/theirs.s")
		echo "$model, $([ $heat = 0 ] && echo greedy || echo drawn): llama2.c $theirs tokens a second"
		for way in float32 draft int8; do
			ours=$(best "$T/$way.s")
			ratio=$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")
			kept=$(sed -n 's/drafts kept/, drafts kept/p' "$T/$way.err")
			# llama2.c says up to as many ids, or ends at its own stop id
			same=
			if [ $heat = 0 ]; then
				n=$(($(wc -c < "$T/theirs") - 1)) m=$(($(wc -c < "$T/$way") - 1))
				[ $m -lt $n ] && n=$m
				head -c $n "$T/theirs" > "$T/a"
				head -c $n "$T/$way" > "$T/b"
				if cmp -s "$T/a" "$T/b"; then
					same=", the same $(tr -cd '<' < "$T/a" | wc -c) ids"
				else
					same=", other ids"
				fi
			fi
			echo "  $way $ours, $ratio times$kept$same"
		done
	done
done
