#!/bin/sh
# demo.sh [MIND] - the main job on the shipped library, from a bare machine.
set -eu
cd "$(dirname "$0")/.."
mind=${1:-demo-mind}
sh scripts/setup.sh
make -j"$(nproc 2>/dev/null || echo 2)" all
ltm=build/release/ltm
echo
$ltm live -o "$mind"
echo
$ltm think "$mind" "Ученик смотрит в зеркало и видит чужое лицо" --intention "вернуть своё имя"
echo
echo "report: $mind/report.html"
