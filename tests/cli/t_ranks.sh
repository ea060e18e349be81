# One model from one, two and four processes under mpirun: the same bits; resumed by another number of ranks.
command -v mpirun > /dev/null || { echo "mpirun (openmpi-bin) is not installed"; exit 77; }
# shellcheck disable=SC2034
o='--width 32 --layers 2 --vocab 600 --context 64 --batch 8 --steps 12 -q -t 1'
ranks() { n=$1; shift; OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -q -n "$n" "$LTM" "$@"; }
t 'ltm train -f token -o one $o > /dev/null; ls one'
t 'ranks 2 train -f token -o two $o > /dev/null; cmp one/model.safetensors two/model.safetensors && echo the same model'
t 'ranks 4 train -f token -o four $o | grep -c bits; cmp one/model.safetensors four/model.safetensors && echo the same model'
t 'ranks 2 train -f token -o part $o --stop-after 5 > out 2>&1 || echo stopped; ltm train -f token -o part $o --resume > /dev/null; cmp one/model.safetensors part/model.safetensors && echo the same model'
t 'ranks 2 train -f token -o bad $o --heads 5 > out 2>&1 || grep -c "multiple of the number of heads" out'
