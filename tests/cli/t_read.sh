# Reading: order, passing over, what is left out, standard input, exit codes, the same bytes.
mkdir -p lib/b lib/a
cp "$ROOT"/library/myth/0[1-3]*.txt lib/a
cp "$ROOT"/library/talk/0[1-2]*.txt lib/b
echo 'no book' > lib/README.txt
echo 'a table' > lib/index.tsv
head -c 4000 /dev/zero > lib/b/zero.txt
: > lib/b/empty.txt
t 'ltm read lib -o m'
t 'ltm books m | cut -f 1,2,4,6-'
t 'ltm read lib -o m'
t 'ltm check m'
t 'ltm read lib -q -o m1 --threads 1; ltm read lib -q -o m4 --threads 4'
t 'cmp m1/store.db m4/store.db && cmp m1/lemmas.ltm m4/lemmas.ltm && cmp m1/manifest.json m4/manifest.json && echo the same bytes'
t 'ltm read - -o m < lib/a/01_valenok.txt'
t 'ltm read lib/a/01_valenok.txt no-such-file -o m2'
t 'ltm read lib/b/zero.txt -o m3'
t 'ltm read lib/b/zero.txt lib/b/empty.txt -o m3'
mkdir none foreign; echo mine > foreign/note.txt
t 'ltm read none -o m5'
t 'ltm read lib -o foreign; cat foreign/*'
t 'ltm read lib -o lib/a/01_valenok.txt'
t 'ltm books none'
