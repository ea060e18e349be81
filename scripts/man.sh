#!/bin/sh
# man.sh LTM DIR [RU_DIR] - writes man pages made from the command's own tables into DIR.
set -eu
ltm=$1 dir=$2 ru=${3:-$2/ru}
command -v scdoc > /dev/null || { echo "man.sh: scdoc is not installed; man pages are left out" >&2; exit 0; }
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1764028800}"
mkdir -p "$dir" "$ru"
one() { # language, folder, page, arguments
	"$ltm" help --scdoc --lang "$1" $4 | scdoc > "$2/$3.1.tmp" && mv "$2/$3.1.tmp" "$2/$3.1"
}
for l in en ru; do
	[ $l = ru ] && to=$ru || to=$dir
	one $l "$to" ltm ""
	for c in $("$ltm" help --list); do one $l "$to" "ltm-$c" "$c"; done
done
