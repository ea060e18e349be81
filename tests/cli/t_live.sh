# The main job: a library lives, is measured, thinks; a second run finds nothing to do; the
# same library, seed and any number of threads give the same mind.
mkdir lib; for s in myth irony talk; do mkdir lib/$s; cp "$ROOT"/library/$s/*.txt lib/$s; done
t 'ltm live lib -o m -q | sed -E "s/[0-9.]+ [sс]/N s/g; s/[0-9 ]+ (characters|words)/ N \1/g"'
t 'ltm check m'
t 'ltm live lib -o m -q | sed -E "s/at most.*//"'
mkdir one
t 'ltm live lib -o one/m -q --threads 1 > o; for f in m/*; do cmp $f one/$f; done; echo compared'
t 'ltm think m "Ученик смотрит в зеркало и видит чужое лицо" --intention "вернуть своё имя" -q > a; echo $?; test -s a && echo an answer'
t 'ltm think one/m "Ученик смотрит в зеркало и видит чужое лицо" --intention "вернуть своё имя" -q | cmp - a && echo the same answer'
t 'ltm think m "Ученик смотрит в зеркало" --json -q | head -c 1; echo'
t 'echo "Ученик смотрит в зеркало" | ltm think m - -q > a; test -s a && echo an answer'
t 'ltm think m ""'
t 'ltm eval m --json -q | cmp - m/eval.json && echo measured again: the same'
t 'ltm report m -o r.html -q; head -c 15 r.html; echo'
t 'ltm show m/concepts.ltm -n 1 | tail -1 | sed -E "s/[0-9]+/N/g"'
t 'ltm show m/core.safetensors > o; head -1 o | sed -E "s/[0-9]+/N/g"'
t 'cp m/core.safetensors c; ltm train m -q --stop-after 3'
t 'ltm check m; ltm train m -q --resume; cmp c m/core.safetensors && echo resumed to the same bits'
t 'ltm check m'
mkdir few; cp "$ROOT"/library/myth/01_valenok.txt few
t 'ltm live few/01_valenok.txt -o f -q | tail -1'
t 'ltm check f; ltm think f "Ученик смотрит в зеркало"'
