#!/bin/sh
# run.sh TEST DIR - runs one test of commands as a user types them, in DIR, and prints a
# transcript: what was typed, what came out of stdout and stderr, the exit code if it is not 0.
#
#   $ ltm …          a line typed through `t`
#   < file, | sed    are typed inside the quotes: t 'ltm books m | cut -f2'
#
# Times, speeds, memory and numbers of scenes (how books are cut is tuned) are replaced by N, lines of progress left out (a stage shorter than
# a fifth of a second has none): everything else must be the same on any machine.
test=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$2" || exit 2
ltm() { "$LTM" "$@"; }
plain() {
	LC_ALL=C sed -E -e 's/[0-9]+([.][0-9]+)? (MB\/s|МБ\/с|MB|МБ)/N \2/g' \
	    -e 's/([^0-9.])[0-9]+([.][0-9]+)? (s|с)([ :,.]|$)/\1N \3\4/g' \
	    -e '/^(find|read|concepts|train|ranker|eval|report|think|check)  [0-9]+ [a-z]*  N s$/d' \
	    -e 's/(^|[^0-9 ])[0-9][0-9 ]* scenes/\1N scenes/' -e "s|$ROOT|ROOT|g"
}
t() {
	printf '$ %s\n' "$1"
	( eval "$1" ) > .out 2>&1
	code=$?
	plain < .out
	[ $code -eq 0 ] || printf '(exit %d)\n' $code
}
. "$test"
