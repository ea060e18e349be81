# The hyperlexemes of a library: a chain that is planted is found with its commonest spelling.
mkdir lib
i=0
while [ $i -lt 30 ]; do
	i=$((i + 1))
	printf 'В конце концов мастер пожал плечами и ушёл. Ученик %s раз видел окно, дом, лес и реку. Река текла мимо дома, лес шумел.\n' $i
	[ $((i % 3)) -eq 0 ] && printf 'Мельник пожимает плечами, вода стоит. В конце концов вода уйдёт; окно открыто.\n'
done > lib/a.txt
printf '\0\1\2' > lib/b.txt
t 'ltm words --chains lib/a.txt -q --limit 400 | grep "^в конец конец \|^пожать плечо" | sed -E "s/ +/ /g"'
t 'ltm words --chains lib/a.txt -q --surface --limit 400 | grep "^в конце концов \|^chain" | sed -E "s/ +/ /g"'
t 'ltm words --chains lib/a.txt -q --limit 1 --lang ru | head -1 | sed -E "s/ +/ /g"'
t 'ltm words --chains lib/a.txt -q --limit 2 --json > o; if command -v python3 > /dev/null; then python3 -m json.tool < o > p; fi; grep -c sticky o'
t 'ltm words --chains lib -q --limit 1 | tail -1 | cut -d " " -f 2-5'
t 'ltm words --chains lib/b.txt -q'
t 'ltm words --chains nowhere -q'
