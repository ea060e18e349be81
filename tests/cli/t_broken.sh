# A damaged mind is named, with what mends it; a killed writer leaves the old state whole.
cp -r "$ROOT"/library/myth lib
t 'ltm read lib/01_valenok.txt lib/02_tsaplya.txt -q -o m; ltm check m'
flip() { # file, offset: one byte
	b=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf "$(printf '\\%03o' $((b ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null
}
for f in store.db lemmas.ltm manifest.json; do
	cp -r m x
	flip "x/$f" $(($(wc -c < "x/$f") / 2))
	t "ltm check x > o 2>&1; echo \$? \$(grep -c $f o)  # one bit of $f"
	rm -rf x
done
cp -r m x; rm x/lemmas.ltm
t 'ltm check x'
t 'ltm books x'
rm -rf x
cp -r m x; truncate -s 4000 x/store.db
t 'ltm books x'
t 'ltm read lib -q -o x'
rm -rf x
cp -r m x
t '(flock 9; ltm read lib -q -o x 2>&1 | sed -E "s/[0-9]+/N/g") 9> x/lock'
t 'touch x/.unsealed; ltm check x'
t 'ltm books x | cut -f 1,2'
t 'ltm read lib -q -o x; ltm check x; ltm read lib -q -o y; cmp x/store.db y/store.db && echo the same as at once'
