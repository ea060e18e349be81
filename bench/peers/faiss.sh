#!/bin/sh
# faiss.sh - our exact code search beside faiss's (Debian's python3-faiss), in turn, in one run.
#
#   sh bench/peers/faiss.sh BUILD [CODES] [ROUNDS]
#
#   in    a build folder with bench/bench_codescan
#   out   milliseconds a search of each, fastest round, on one thread and on all; our ratio
set -eu
B=$1 n=${2:-7000000} rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
py=${PYTHON:-python3}
"$py" -c 'import faiss' 2>/dev/null || py=/usr/bin/python3
"$py" -c 'import faiss' 2>/dev/null || { echo "faiss.sh: python3-faiss is not installed"; exit 77; }
T=$(mktemp)
trap 'rm -f "$T"' EXIT
for r in $(seq "$rounds"); do
	"$B/bench/bench_codescan" "$n" | sed -n 's/.* \([0-9]*\) thread.*: \([0-9.]*\) ms a search.*/ours \1 \2/p' >> "$T"
	for t in 1 $(nproc); do
		echo "faiss $t $("$py" "$here/faiss_scan.py" "$n" "$t" | sed -n 's/^ms=//p')" >> "$T"
	done
done
awk '{ k = $1 " " $2; if (!(k in best) || $3 < best[k]) best[k] = $3; threads[$2] = 1 }
END { for (t in threads) printf "%s thread(s): ours %.1f ms, faiss %.1f ms, ours is %.1f times as fast\n", t,
	best["ours " t], best["faiss " t], best["faiss " t] / best["ours " t] }' "$T" | sort
