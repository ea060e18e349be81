# A signal stops a reading with its state saved; a kill leaves what was committed; the same
# command goes on, and the store has the same bytes as one that was never stopped.
big() { # a library that takes some seconds: 160 different books of 100 kB
	mkdir lib
	cat "$ROOT"/library/*/*_*.txt > all
	for i in $(seq 160); do
		tail -n +$((i * 11)) all | head -c 100000 | iconv -c -f utf-8 -t utf-8 2> /dev/null \
			> "lib/$(printf %03d "$i").txt"
	done
}
big
stopped() { # signal, delay: starts a reading into s, sends the signal a while after the store has
	# begun (however slow the program is), says the exit code
	ltm read lib -q -o s > o 2>&1 &
	while [ ! -s s/store.db ] && kill -0 $! 2> /dev/null; do sleep 0.05; done
	sleep "$2"; kill -"$1" $! 2> /dev/null; wait $! 2> /dev/null; echo $?
}
code() { case $1 in 0|130|143|137) echo "stopped or done in time" ;; *) echo "exit $1" ;; esac; }
t 'ltm read lib -q -o whole > o; ltm check whole'
t 'code $(stopped INT 0.3); ltm check s > o; echo $?'
t 'code $(stopped TERM 0.3); ltm check s > o; echo $?'
t 'code $(stopped KILL 0.3); ltm check s > o 2>&1; case $? in 0|1) echo old state whole;; esac'
t 'code $(stopped KILL 0.6); ltm books s -q > o; echo $?'
t 'ltm read lib -q -o s > o; ltm check s; cmp s/store.db whole/store.db && cmp s/lemmas.ltm whole/lemmas.ltm && echo the same bytes'
