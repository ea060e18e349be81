#!/bin/sh
# llamacpp.sh FOLDER MODEL... [-- TEXT...] - our tellers in llama.cpp: the same ids under greedy decoding.
#
#   in    a folder where `npm install --ignore-scripts node-llama-cpp` was run (it has a llama.cpp built
#         for this processor); folders of tellers; texts to encode
#   out   as bench/peers/llamacpp.mjs says; N (96) ids after each of PROMPTS (8) prompts
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
at=$(cd "${1:?the folder where node-llama-cpp is installed}" && pwd)
shift
exec node "$here/bench/peers/llamacpp.mjs" "${LTM:-$here/${B:-build/release}/ltm}" "$at" "$@"
