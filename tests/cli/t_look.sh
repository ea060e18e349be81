# Looking into a mind: scenes in four forms, search, glyphs, show; and their JSON is JSON.
# What the scenes say is judged elsewhere (tests/golden/scenes): here only the shape counts.
# A second opinion on JSON where there is one; our own reader is not asked here.
json() { if command -v python3 > /dev/null; then python3 -m json.tool > o; else cat > o; fi; }
printf 'Зеркало\n\nУченик вошёл в мастерскую и увидел на стене зеркало. Из зеркала на него смотрело чужое лицо. «Кто ты?» — спросил ученик. Лицо молчало.\n\nУченик испугался и заплакал. Мастер услышал плач и пришёл из кухни. Он завесил зеркало платком и сказал: «Вернёшь своё имя — вернётся и лицо».\n' > z.txt
t 'ltm read z.txt -o m'
t 'ltm scenes m | sed -E "s/^([ -]*[a-z_]+:).*/\1/"'
t 'ltm scenes m --form pvq | grep -o "\"[a-z_]*\":" | sort -u | tr -d "\n"; echo'
t 'ltm scenes m --form glyph > lines; ltm scenes z.txt --form glyph | cmp - lines && echo the same lines'
t 'ltm scenes m --form text --passage | grep -v "^      [a-z]" | cut -d " " -f 1'
t 'ltm scenes m --book 2'
t 'ltm scenes - --form glyph < z.txt | cmp - lines && echo the same lines'
t 'ltm scenes m > a.yaml; ltm show a.yaml > o; ltm scenes m --form text | cmp - o && echo the same scenes'
t 'ltm search m зеркала | cut -f 1,3'
t 'ltm search m зеркало платки --json | sed -E "s/\"(glyph|rank)\":[^,]*/\"\1\":…/g"'
t 'ltm search m паровоз'
t 'ltm search m'
t 'ltm search m --glyph "?*…_?#?→?" | head -1 | cut -f 2 | cmp - lines && echo found by its pattern'
t 'ltm glyph m "$(head -1 lines)" | cut -c 1-13 | tail -n +2'
t 'ltm glyph m "U*#"'
t 'ltm words "Мастер завесил зеркало."'
t 'ltm words --json "Он ушёл."'
t 'ltm words --tsv "Он ушёл."'
t 'ltm words --lang ru "Он ушёл."'
t 'ltm words --conllu "Он ушёл."'
t 'ltm words --json --tsv слово'
t 'ltm books m --json | sed -E "s/\"scenes\":[0-9]+/\"scenes\":N/"'
t 'ltm show m | sed -E "s/^ *[0-9]+  /  N  /; s/[0-9]+ aliases/N aliases/"'
t 'for f in "scenes m --form pvq" "books m --json" "search m зеркало --json" "glyph m --json" "words --json слово"; do ltm $f | json && echo "$f: JSON"; done'
