#!/bin/sh
# train.sh - tokens a second of one training step beside llm.c and PyTorch, in turn, in one run.
#
#   sh bench/peers/train.sh BUILD LLM_C [ROUNDS]
#
#   in    a build folder with bench/bench_train; a checkout of llm.c (its CPU trainer is built there by its
#         own Makefile, in a copy); python3 with torch for the second peer, left out when it is absent
#   out   a table: fastest round of each, and our ratio to it
set -eu
B=$1 LLMC=$2 rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
threads=$(nproc)
export OMP_NUM_THREADS="$threads"
cp -R "$LLMC/." "$T/llmc"
cp "$here/llmc_train.c" "$T/llmc/test_gpt2.c"
(cd "$T/llmc" && make CI=true CC="${LLMC_CC:-gcc}" test_gpt2 > "$T/make.log" 2>&1) || { cat "$T/make.log"; exit 1; }

one() {		# name, command…: appends "name tokens/s"
	name=$1
	shift
	v=$("$@" 2>/dev/null | sed -n 's/^tokens_per_second=//p')
	if [ -n "$v" ]; then		# nothing: it does not run on this chip (SkylakeX's kernels without AVX-512)
		echo "$name $v" >> "$T/out"
	fi
}
# Old BLAS libraries do not know new chips: torch may have the better of both.
py=${PYTHON:-python3}
"$py" -c 'import torch' 2>/dev/null || py=/usr/bin/python3
torch() {
	"$py" "$here/torch_train.py" "$@"
}
bf16=no			# without instructions for it, bf16 is a loop of minutes that nobody would choose
grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo && bf16=yes
for r in $(seq "$rounds"); do
	[ $bf16 = no ] || one ours-bf16 "$B/bench/bench_train" --quiet --precision bf16 --steps 12
	one ours-float32 "$B/bench/bench_train" --quiet --precision float32 --steps 6
	(cd "$T/llmc" && one llm.c ./test_gpt2 1)
	if "$py" -c 'import torch' 2>/dev/null; then
		one torch-float32 torch float32 4 "$threads"
		OPENBLAS_CORETYPE=SkylakeX one torch-float32-skylakex torch float32 4 "$threads"
		[ $bf16 = no ] || one torch-bf16 torch bf16 4 "$threads"
	fi
done
awk '{ if ($2 > best[$1]) best[$1] = $2 }
END {
	for (n in best) if (n !~ /^ours/)
		printf "%-24s %9.0f tokens/s   ours: %sfloat32 x%.1f\n", n, best[n],
			best["ours-bf16"] ? sprintf("bf16 x%.1f, ", best["ours-bf16"] / best[n]) : "", best["ours-float32"] / best[n]
	for (n in best) if (n ~ /^ours/)
		printf "%-24s %9.0f tokens/s\n", n, best[n]
}' "$T/out"
