# One store and one model from one, two and four processes under mpirun: the same bytes; gone on with by another number of ranks.
command -v mpirun > /dev/null || { echo "mpirun (openmpi-bin) is not installed"; exit 77; }
# shellcheck disable=SC2034
o='--width 32 --layers 2 --vocab 600 --context 64 --batch 8 --steps 12 -q -t 1'
ranks() { n=$1; shift; OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -q -n "$n" "$LTM" "$@"; }
t 'ltm train -f token -o one $o > /dev/null; ls one'
t 'ranks 2 train -f token -o two $o > /dev/null; cmp one/model.safetensors two/model.safetensors && echo the same model'
t 'ranks 4 train -f token -o four $o | grep -c bits; cmp one/model.safetensors four/model.safetensors && echo the same model'
t 'ranks 2 train -f token -o part $o --stop-after 5 > out 2>&1 || echo stopped; ltm train -f token -o part $o --resume > /dev/null; cmp one/model.safetensors part/model.safetensors && echo the same model'
t 'ranks 2 train -f token -o bad $o --heads 5 > out 2>&1 || { grep -q "multiple of the number of heads" out && echo refused; }'
t 'ltm read "$ROOT/library" -o read1 -q > /dev/null; ls read1'
t 'ranks 2 read "$ROOT/library" -o read2 -t 1 -q | grep -c "^read"; cmp read1/store.db read2/store.db && cmp read1/lemmas.ltm read2/lemmas.ltm && echo the same store'
t 'ranks 4 read "$ROOT/library" -o read4 -t 2 -q > /dev/null; cmp read1/store.db read4/store.db && echo the same store'
t 'ranks 2 read "$ROOT/library" -o read2 -t 1 -q | grep -o "known before [0-9]*"; cmp read1/store.db read2/store.db && echo the same store'
t 'mkdir some; cp "$ROOT"/library/*/*.md some 2> /dev/null; cp "$ROOT"/library/*/*.txt some 2> /dev/null; ls some | head -40 | tail -33 | while read f; do rm "some/$f"; done; printf "\\000\\001" > some/broken.txt; ltm read some -o bad1 -q > /dev/null 2>&1; echo $?; ranks 3 read some -o bad3 -t 1 -q > /dev/null 2>&1; cmp bad1/store.db bad3/store.db && ltm books bad3 | grep -c broken.txt'
t 'ranks 2 read nowhere -o none -q > out 2>&1 || { grep -q "nowhere: No such file" out && echo refused; }'
t 'ranks 2 live -o live -q > out 2>&1 || { grep -q "live is one process" out && echo refused; }'
