#!/bin/sh
# ledger_default.sh LIBRARY [OUT] - reads a library, makes its ledger and writes the ratios that
# `ltm plan` uses when it is given none: data/ru/ledger_default.tsv (or OUT). Some ten minutes.
set -eu
cd "$(dirname "$0")/../.."
library=${1:?a folder of books}
out=${2:-data/ru/ledger_default.tsv}
ltm=${LTM:-build/release/ltm}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cores=$(nproc)
begin=$(date +%s.%N)
"$ltm" read -q "$library" -o "$tmp/m" > /dev/null
end=$(date +%s.%N)
"$ltm" ledger -q "$tmp/m" --json > "$tmp/ledger.json"
chars=$(sed -n 's/^  "chars":\([0-9]*\),*$/\1/p' "$tmp/ledger.json")
read=$(awk -v c="$chars" -v a="$begin" -v b="$end" 'BEGIN { printf "%.0f", c / (b - a) }')
"$ltm" plan -q "$tmp/m" --books 1 --read-speed "$read" --json > "$tmp/plan.json"
speed() { sed -n "s/.*\"speeds\":.*\"$1\":\([0-9.e+]*\).*/\1/p" "$tmp/plan.json"; }
{
	echo "# ledger_default.tsv - ratios of a ledger, for \`ltm plan\` when no other is given."
	echo "#   made by   bench/peers/ledger_default.sh, $(date +%Y-%m-%d), on the development library:"
	echo "#             Russian books of 1790-1917; counted on its test books"
	echo "#   rows      the object \"basis\" of ledger.json; formats are positions per 1,000 characters,"
	echo "#             bits_* are bits a character; then the machine it was made on: GFLOP/s a core,"
	echo "#             characters read a second on all its cores, MB written a second"
	printf 'key\tvalue\n'
	sed -n '/"basis":/,/^ }/s/^  "\([a-z0-9_]*\)":\([0-9.e+-]*\),*$/\1\t\2/p' "$tmp/ledger.json"
	printf 'gflops\t%s\nread\t%s\n' "$(speed gflops)" "$read"
	printf 'write\t%s\ncores\t%s\n' "$(speed write)" "$cores"
} > "$out.tmp"
mv "$out.tmp" "$out"
