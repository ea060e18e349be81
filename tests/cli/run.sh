#!/bin/sh
# run.sh TEST DIR - runs one test of commands as a user types them, in DIR, and prints a
# transcript: what was typed, what came out of stdout and stderr, the exit code if it is not 0.
#
#   $ ltm …          a line typed through `t`
#   < file, | sed    are typed inside the quotes: t 'ltm books m | cut -f2'
#
# Times, speeds and memory are replaced by N: everything else must be the same on any machine.
test=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$2" || exit 2
ltm() { "$LTM" "$@"; }
plain() {
	sed -E -e 's/[0-9]+([.][0-9]+)? (s|с|MB|МБ|MB\/s|МБ\/с)([^a-zа-я]|$)/N \2\3/g' \
	    -e "s|$ROOT|ROOT|g"
}
t() {
	printf '$ %s\n' "$1"
	( eval "$1" ) > .out 2>&1
	code=$?
	plain < .out
	[ $code -eq 0 ] || printf '(exit %d)\n' $code
}
. "$test"
