#!/bin/sh
# walk.sh LTM > docs/walk.md - one scene walked through every room, with the real output of the
# program LTM. Run it again when a room changes what it says (make walk).
set -eu
LTM=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
[ -z "${LTM_DICT:-}" ] && [ -f "$root/build/words.dict" ] && export LTM_DICT="$root/build/words.dict"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ltm() { "$LTM" "$@" 2> /dev/null; }
t() { # a command as typed, its output as it came
	printf '\n```\n$ %s\n' "$1"
	eval "$1"
	printf '```\n\n'
}
cp "$root/library/myth/01_valenok.txt" valenok.txt
ltm live -o mind > live.out

cat << 'END'
# One scene through every room

*Made by `scripts/walk.sh` (`make walk`): every block below is what the program printed.*

The boy of «Валенок» carries a felt boot with a house spirit in it, and was told not to put it on the ground.

## text: a file becomes sentences

The file is plain text. The text room finds its charset, its title, its paragraphs and sentences.
END
t 'head -5 valenok.txt'
cat << 'END'
## words: every word has a lemma and a grammar

A form may have several readings; the context chooses. `CASE,number,gender,…` is the reading's grammar.
END
t 'ltm words "Машина взвыла, прыгнула, и голенище лопнуло, как стручок."'
cat << 'END'
## scenes: wholes with their registers

The text is cut where place, time, actors or vocabulary change; then rules, lexicons and small fitted heads
fill the fields, each with its confidence. What is not found stays empty. The second scene:
END
t 'ltm scenes valenok.txt --form text --passage | sed -n "/^S002/,/^S003/p" | sed "\$d"'
cat << 'END'
The same scene as a record of `fractal_thoughtset.yaml`:
END
t 'ltm scenes valenok.txt | sed -n "/scene_id: S002/,/scene_id: S003/p" | sed "\$d" | cut -c 1-150'
cat << 'END'
## glyphs: a scene is a line

`actors _ field # tension → resolution`. The letters of actors and fields are aliases of the corpus; in the mind
of the whole library the same scenes read:
END
t 'ltm search mind валенок голенище --limit 1 | head -1'
t 'ltm glyph mind "$(ltm search mind валенок голенище --limit 1 | head -1 | cut -f 2)"'
cat << 'END'
## concepts: the graph and the field

Lemmas that meet in scenes (`~`), and that lead from one scene into the next (`→`), with their strength; only
training books count.
END
t 'ltm show mind/concepts.ltm --limit 6'
cat << 'END'
## order and model: which scene follows

Books are split by a stated rule; the core learns on training books only and is measured on books it has not
seen, beside chance, TF-IDF and a learned ranker over shallow features.
END
t 'ltm books mind | cut -f 2 | sort | uniq -c'
t 'ltm eval mind'
cat << 'END'
## thought: a situation and an intention

END
t 'ltm think mind "Мальчик нарушил запрет, и голенище лопнуло" --intention "скрыть вину от бабки" --number 2'
cat << 'END'
## io and app: what is left on the disk

END
t 'ltm show mind --limit 3'
t 'ltm check mind'
