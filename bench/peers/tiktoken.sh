#!/bin/sh
# tiktoken.sh LIBRARY [OUT] - counts tokens of GPT-2, cl100k and o200k on the test books of a
# library with npm's js-tiktoken and writes the table data/ru/ledger_peers.tsv (or OUT).
# Needs node and npm; the package goes into build/peers. Some five minutes.
set -eu
cd "$(dirname "$0")/../.."
library=${1:?a folder of books}
out=${2:-data/ru/ledger_peers.tsv}
B=${B:-build/release}
package=js-tiktoken@1.0.21
make -s "B=$B" "$B/bench/peers/clean_text"
work=build/peers
rm -rf "$work/text"
mkdir -p "$work/text"
"$B/bench/peers/clean_text" "$library" "$work/text" test >&2
[ -d "$work/node_modules/js-tiktoken" ] || (cd "$work" && npm install --silent --no-save "$package" >&2)
node bench/peers/tiktoken.mjs "$work/text" "$PWD/$work" > "$work/rows.tsv"
{
	echo "# ledger_peers.tsv - what the tokenizers people use make of the test books, for \`ltm ledger\`."
	echo "#   made by   bench/peers/tiktoken.sh with npm $package, node $(node --version), $(date +%Y-%m-%d)"
	echo "#   on        running text of the test books (data/ru/split.tsv) of the development library,"
	echo "#             as LTM reads them (bench/peers/clean_text.c): Russian prose of 1790-1917"
	echo "#   row \"*\"   all of them together"
	printf 'text\ttokenizer\tchars\ttokens\n'
	cat "$work/rows.tsv"
} > "$out.tmp"
mv "$out.tmp" "$out"
