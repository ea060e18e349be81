/* fit_freq.c - makes data/ru/words_freq.tsv: how common lemmas are that compete for a form.
 *
 *   use   fit_freq DICT LIST > words_freq.tsv
 *
 * LIST has rows "POS TAB lemma TAB count" (RNC 2.0 pos_lemma_list_standard, CC0). Walks all
 * forms of the dictionary; a lemma is kept when some form has a reading with another lemma
 * and its count is at least MIN_COUNT. Sorted, so the same input gives the same table.
 */
#include <stdlib.h>
#include "words/tag/choose.h"
#include "io/dictfile.h"

enum { MIN_COUNT = 5 };

struct line { struct str key; long count; bool wanted; };
static struct line *line;
static struct strtab keys;

static int class_of(struct str pos)
{
	static const struct { const char *name; int cls; } row[] = {
		{ "NOUN", POS_NOUN }, { "PROPN", CL_NAME }, { "ADJ", POS_ADJ }, { "ANUM", POS_ADJ },
		{ "VERB", POS_VERB }, { "AUX", POS_VERB }, { "ADV", POS_ADV }, { "PRED", POS_ADV },
		{ "ADVPRO", POS_ADV }, { "PARENTH", POS_ADV }, { "NUM", POS_NUM },
		{ "PRON", POS_PRON }, { "DET", POS_APRO }, { "ADP", POS_PREP },
		{ "CCONJ", POS_CONJ }, { "SCONJ", POS_CONJ }, { "PART", POS_PRCL },
		{ "INTJ", POS_INTJ },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (str_eq(pos, str_of(row[i].name)))
			return row[i].cls;
	return -1;
}

static uint32_t key_of(const uint8_t *p, size_t n, int cls, bool add)
{
	char b[256];

	b[0] = (char)(cls + 1);
	memcpy(b + 1, p, n);
	struct str s = { b, n + 1 };

	return add ? strtab_add(&keys, s) : strtab_find(&keys, s);
}

static void read_list(struct str text)
{
	struct str row, pos, lemma;
	size_t cap = 0, n_line = 0;

	keys = strtab_open("keys");
	while (str_cut(&text, '\n', &row)) {
		uint8_t b[FORM_MAX];
		uint64_t v;
		size_t n;

		if (!str_cut(&row, '\t', &pos) || !str_cut(&row, '\t', &lemma) ||
		    !str_u64(str_trim(row), &v) || class_of(pos) < 0 || !(n = form_bytes(b, lemma)))
			continue;
		uint32_t id = key_of(b, n, class_of(pos), true);

		while (cap <= id)
			line = mem_grow(line, &cap, sizeof *line);
		if (id == n_line)
			line[n_line++] = (struct line){ keys.s[id], 0, false };
		line[id].count += (long)v;
	}
}

static const struct dict *d;

static void form(const uint8_t *p, size_t n)
{
	struct cell c[CELLS_MAX];
	size_t m = dict_cells(d, c, CELLS_MAX, p, n);
	bool mixed = false;

	for (size_t i = 1; i < m; i++)
		mixed |= c[i].n_lemma != c[0].n_lemma || memcmp(c[i].lemma, c[0].lemma, c[0].n_lemma) ||
		         cell_class(c[i].tag) != cell_class(c[0].tag) || (c[i].tag->mark & TAG_BE);
	for (size_t i = 0; i < m && mixed; i++) {
		uint32_t id = key_of(c[i].lemma, c[i].n_lemma, cell_class(c[i].tag), false);

		if (id != STRTAB_NONE)
			line[id].wanted = true;
		if (!(c[i].tag->mark & TAG_BE) || c[i].n_lemma < 3)
			continue;
		c[i].lemma[c[i].n_lemma - 2] = 0xE8;	/* счастье competes with счастие */
		c[i].lemma[c[i].n_lemma - 1] = CYR_IE;
		id = key_of(c[i].lemma, c[i].n_lemma, cell_class(c[i].tag), false);
		if (id != STRTAB_NONE)
			line[id].wanted = true;
	}
}

static void all_forms(uint32_t node, uint8_t *path, size_t n)
{
	if (dawg_step(&d->words, node, 1) != DAWG_NONE)
		form(path, n);
	if (n == FORM_MAX)
		return;
	for (int c = 2; c < 256; c++) {
		uint32_t j = dawg_step(&d->words, node, (uint8_t)c);

		path[n] = (uint8_t)c;
		if (j != DAWG_NONE)
			all_forms(j, path, n + 1);
	}
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct line *)a)->key, ((const struct line *)b)->key);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct dictfile df;
	struct buf list = { 0 };
	uint8_t path[FORM_MAX + 1];

	if (argc < 3 || dictfile_open(&df, argv[1], &e) ||
	    file_read(&list, argv[2], (size_t)1 << 28, &e))
		return fprintf(stderr, "fit_freq DICT LIST  %s\n", e.msg), 2;
	d = df.dict;
	read_list(buf_view(&list));
	all_forms(DAWG_ROOT, path, 0);
	qsort(line, keys.n, sizeof *line, by_name);
	printf("# How often lemmas occur that share a form with another (made by bench/fit/fit_freq.c "
	       "from\n# the lemma list of RNC 2.0, CC0).\nlemma\tclass\tcount\n");
	for (size_t i = 0; i < keys.n; i++) {
		struct buf b = { 0 };
		int cls = line[i].key.p[0] - 1;

		if (!line[i].wanted || line[i].count < MIN_COUNT)
			continue;
		cyr_utf8(&b, (const uint8_t *)line[i].key.p + 1, line[i].key.n - 1);
		printf("%s\t%s\t%ld\n", b.p, cls == CL_NAME ? "NAME" : pos_name(cls), line[i].count);
		buf_free(&b);
	}
	return 0;
}
