/* split.c - which books train, which tune, which are only reported on.
 *
 * A whole book goes one way. Rules come from a table; what no row names goes by a hash of
 * author and title, so that the same book goes the same way in every library.
 */
#include "order/order.h"

const char *split_name(enum split s)
{
	static const char *const name[] = { "train", "dev", "test" };

	must(s <= SPLIT_TEST);
	return name[s];
}

/* Shell-like match with '*' only; both by bytes. */
static bool matches(struct str pat, struct str s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

	while (k < s.n) {
		if (i < pat.n && pat.p[i] == '*') {
			star = i++;
			from = k;
		} else if (i < pat.n && pat.p[i] == s.p[k]) {
			i++, k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++from;
		} else {
			return false;
		}
	}
	while (i < pat.n && pat.p[i] == '*')
		i++;
	return i == pat.n;
}

/* "a/b/name.fb2.zip" → "name" */
static struct str bare_name(struct str path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/') {
			path.p += i;
			path.n -= i;
			break;
		}
	for (size_t i = 1; i < path.n; i++)
		if (path.p[i] == '.') {
			path.n = i;
			break;
		}
	return path;
}

int split_named(struct str rules, struct str path)
{
	struct str name = bare_name(path), line;

	while (str_cut(&rules, '\n', &line)) {
		struct str pat;

		if (!line.n || line.p[0] == '#' || !str_cut(&line, '\t', &pat) || !line.p)
			continue;
		line = str_trim(line);
		if (!matches(pat, name))
			continue;
		if (str_eq(line, S("test")) || str_eq(line, S("report")))
			return SPLIT_TEST;
		return str_eq(line, S("dev")) ? SPLIT_DEV : SPLIT_TRAIN;
	}
	return -1;
}

enum split split_of(struct str rules, struct str path, struct str title, struct str author)
{
	int named = split_named(rules, path);
	uint64_t h;

	if (named >= 0)
		return (enum split)named;
	h = hash64(title.p, title.n, str_hash(author)) % 10;
	return h == 0 ? SPLIT_TEST : h == 1 ? SPLIT_DEV : SPLIT_TRAIN;
}
