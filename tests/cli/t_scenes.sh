# A teller that reads past scenes, trained as a user does it: read, train, stop, resume; wrong use.
# shellcheck disable=SC2034
o='--width 32 --layers 2 --vocab 600 --context 256 --window 32 --registers 2 --steps 12 -q'
n() { sed -E 's/: [0-9.]+ bits/: N bits/; s/[(][0-9]+ tokens/(N tokens/; s/[0-9.e+]+ FLOP/N FLOP/'; }
t 'ltm read "$ROOT/library" -o mind -q > /dev/null'
t 'ltm train -f ltm mind -o one $o | n'
t 'ls one'
t 'ltm train -f ltm mind -o two $o --stop-after 5 -t 1'
t 'ltm train -f ltm mind -o two $o --resume -t 2 > /dev/null; cmp one/model.safetensors two/model.safetensors && echo the same model'
t 'ltm train -f ltm mind -o four $o --no-echo --words 0.2 | n'
t 'ltm train -f token mind -o three $o --registers 0 | n'
t 'ltm tell one "Ученик" --length 12 --seed 1 -q | grep -c Ученик'
t 'ltm train -f ltm -o five -q'
t 'ltm train -f ltm "$ROOT/library" -o five -q'
t 'ltm train -f ltm mind -o five --no-echo -q'
t 'ltm train -f ltm mind -o five --registers 1 --read-at 6 -q'
t 'ltm train -f ltm mind -o five --scheme fold -q'
