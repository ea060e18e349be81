#!/bin/sh
# spm.sh [BUILD [BOOKS]] - ours beside Debian's sentencepiece: training and encoding, in one run.
#
#   in    a build folder with ltm and bench/bench_tokens; the books (../shared/data/books)
#   out   CPU seconds (user + system) of one thread: training of 32,768 pieces on the training and
#         dev books together (40 million characters); encoding of the test books by the commands,
#         from standard input to a file of ids, five times in turn, the fastest of each; the time
#         of an empty input apart; the same by the libraries, without starting a process
#
# spm_train reads the very file; its own limits are lifted so that it drops nothing: a sentence may
# be of any length, all are loaded, every character is covered, bytes stand for what is rare.
set -eu
cd "$(dirname "$0")/../.."
B=${1:-build/release} books=${2:-../shared/data/books}
command -v spm_train > /dev/null || { echo "spm.sh: needs the package sentencepiece" >&2; exit 77; }
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cpu() { # command… -> CPU seconds on stdout; output of the command to $T/out
	bash -c 'TIMEFORMAT="%U %S"; time "$@" > "$0/out" 2> "$0/err"' "$T" "$@" 2>&1 | awk '{ print $1 + $2 }'
}
least() { sort -n "$1" | head -1; }

"$B/bench/bench_tokens" --text "$T" "$books"
cat "$T/train.txt" "$T/dev.txt" > "$T/all.txt"

ours() { cpu "$B/ltm" tokens train --quiet --raw --part all "$T/all.txt" -o "$T/ours.ltm" --vocab 32768; }
echo "training, CPU seconds:"
a=$(ours); echo "  ltm        $a"
s=$(cpu spm_train --input="$T/all.txt" --model_prefix="$T/spm" --model_type=bpe --vocab_size=32768 \
	--character_coverage=1.0 --byte_fallback=true --normalization_rule_name=identity \
	--remove_extra_whitespaces=false --input_sentence_size=0 --max_sentence_length=10000000 --num_threads=1)
echo "  spm_train  $s"
grep -E 'Loaded all|skipped|Skipped|too long|frequency' "$T/err" | sed 's/^/    it says: /' || true
b=$(ours); echo "  ltm again  $b"
awk "BEGIN { printf \"  ratio      %.1f\n\", $s / (($a + $b) / 2) }"

echo "encoding by the commands, CPU seconds, fastest of five:"
for i in 1 2 3 4 5; do
	cpu spm_encode --model="$T/spm.model" --input="$T/test.txt" --output_format=id >> "$T/spm.s"
	cp "$T/out" "$T/spm.ids"
	cpu "$B/ltm" tokens encode "$T/ours.ltm" - < "$T/test.txt" >> "$T/ltm.s"
	cp "$T/out" "$T/ltm.ids"
	cpu spm_encode --model="$T/spm.model" --input=/dev/null --output_format=id >> "$T/spm.start"
	cpu "$B/ltm" tokens encode "$T/ours.ltm" - < /dev/null >> "$T/ltm.start"
done
for p in spm ltm; do
	echo "  $p  $(least "$T/$p.s")  of it start $(least "$T/$p.start")  tokens $(wc -w < "$T/$p.ids")"
done
awk "BEGIN { printf \"  ratio %.1f\n\", $(least "$T/spm.s") / $(least "$T/ltm.s") }"

echo "encoding by the libraries:"
if c++ -O2 -std=c++17 bench/peers/spm_speed.cc -lsentencepiece -o "$T/spm_speed" 2> /dev/null; then
	for i in 1 2; do
		"$T/spm_speed" "$T/spm.model" "$T/test.txt"
		"$B/bench/bench_tokens" --speed "$T/ours.ltm" "$T/test.txt"
	done
else
	echo "  (libsentencepiece-dev is not installed)"
fi
