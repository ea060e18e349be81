# Files of every version ever written are still read (tests/golden/files).
cp -R "$ROOT"/tests/golden/files/mind-1 m1; cp "$ROOT"/tests/golden/files/concepts-1.ltm .
t 'ltm check m1 -q'
t 'ltm books m1 -q | cut -f 1,2,3,6,7'
t 'ltm scenes m1 --form glyph --book 1 -q'
t 'ltm search m1 валенок -q | cut -f 1,2'
t 'ltm search m1 --glyph "…_?#?→W" -q | cut -f 1,2 | head -3'
t 'ltm show concepts-1.ltm -n 2 | head -4'
