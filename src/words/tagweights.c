/* tagweights.c - the weights of choosing: read from data/ru, folded for speed.
 *
 *   in    data/ru/words_weights.tsv (features of choose.h), words_prefix.tsv, words_freq.tsv,
 *         words_lemma.tsv, words_extra.tsv
 *   out   struct weights_ctx, read-only afterwards and shared by all threads
 *
 * Fine tags are the combinations of class, slot, number, gender and person that can occur;
 * pair + agree are added up once for every two of them, so that choosing reads one number.
 */
#include <pthread.h>
#include "words/choose.h"
#include "base/data.h"

static const char *const slot_name[SLOTS] = { "", "nomn", "gent", "datv", "accs", "ablt", "loct" };
static const char *const verb_slot[SLOTS] = { "", "tran", "intr", "impr", "imtr", "imin", "" };
static const char *const mark_slot[SLOTS] = { "", "comma", "stop", "dash", "open", "close", "colon" };
static const char *const shape_name[SHAPES] = { "lower", "title", "start", "upper" };

static bool nominal(int cls)
{
	return cls == POS_NOUN || cls == CL_NAME || cls == CL_PLACE || cls == POS_ADJ || cls == POS_PART ||
	       cls == POS_APRO || cls == POS_NUM || cls == POS_PRON;
}

static bool verbal(int cls)
{
	return cls == POS_VERB || cls == POS_INF || cls == POS_GER;
}

static const char *class_name(int cls)
{
	return cls == CL_NAME ? "NAME" : cls == CL_PLACE ? "PLACE" :
	       cls == CL_FIXED ? "FIXED" : pos_name(cls);
}

static const char *slot_of(int cls, int slot)
{
	if (verbal(cls))
		return verb_slot[slot];
	if (cls == POS_PUNCT)
		return mark_slot[slot];
	if (cls == POS_ADV)
		return slot ? "comp" : "";
	return slot_name[slot];
}

const char *weights_tag_name(int ptag, char buf[16])
{
	int cls = ptag / SLOTS;

	snprintf(buf, 16, "%s.%s", class_name(cls), slot_of(cls, ptag % SLOTS));
	return buf;
}

/* What cannot differ in a class is made equal. */
static struct ftag plain(struct ftag f)
{
	if (nominal(f.cls)) {
		if (f.number != 1)
			f.gender = 0;
		if (f.cls != POS_PRON || f.person == 3)
			f.person = 0;
		if (f.person)
			f.gender = 0;
	} else if (f.cls == POS_VERB) {
		if (f.person || f.number != 1)
			f.gender = 0;
	} else {
		f.number = f.gender = f.person = 0;
		if (!verbal(f.cls) && f.cls != POS_PUNCT && f.cls != POS_ADV)
			f.slot = 0;
	}
	return f;
}

static void number_ftags(struct weights_ctx *c)
{
	for (int i = 0; i < CL_N * SLOTS * 3 * 4 * 4; i++) {
		struct ftag f = { (uint8_t)(i / (SLOTS * 48)), (uint8_t)(i / 48 % SLOTS),
		                  (uint8_t)(i / 16 % 3), (uint8_t)(i / 4 % 4), (uint8_t)(i % 4) };
		struct ftag p = plain(f);
		int k = 0;

		while (k < c->n_ftag && memcmp(&c->ftag[k], &p, sizeof p))
			k++;
		if (k == c->n_ftag) {
			must(c->n_ftag < FTAGS_MAX);
			c->ftag[c->n_ftag++] = p;
		}
		c->ftag_of[f.cls][f.slot][f.number][f.gender][f.person] = (uint16_t)k;
	}
}

void cread_tags(const struct weights_ctx *c, struct cread *r)
{
	static const uint8_t fold_case[16] = { 0, 1, 2, 3, 4, 5, 6, 1, 2, 6, 4 };
	int slot = fold_case[r->g.gcase], gender = r->g.gender & 3;

	r->cls = r->pos;
	if (r->pos == POS_NOUN && r->g.name >= WNAME_GIVEN && r->g.name <= WNAME_SURN)
		r->cls = CL_NAME;
	if (r->pos == POS_NOUN && r->g.name >= WNAME_PLACE)
		r->cls = CL_PLACE;
	if (r->pos == POS_NOUN && r->unknown && !r->g.gcase)
		r->cls = CL_FIXED;
	if (verbal(r->cls))
		slot = r->g.trans + (r->g.mood == 2 ? 3 : 0);
	if (r->cls == POS_PUNCT || r->cls == POS_ADV)
		slot = r->ptag;		/* the caller's: kind of mark, comparative */
	r->ptag = (uint8_t)(r->cls * SLOTS + slot);
	r->ftag = c->ftag_of[r->cls][slot][r->g.number < 3 ? r->g.number : 0][gender]
	                    [r->g.person];
}

const char *weights_class_name(int cls)
{
	return class_name(cls);
}

int pair_agree(const struct ftag *a, const struct ftag *b)
{
	int person = 0, number = 0, gender = 0;

	if (nominal(b->cls) && a->cls == POS_VERB) {	/* the verb second */
		const struct ftag *x = a;

		a = b;
		b = x;
	}
	bool verb = b->cls == POS_VERB && nominal(a->cls) && a->slot <= 1;

	if (!verb && !(nominal(a->cls) && nominal(b->cls)))
		return 0;
	if (!verb && a->slot && b->slot)
		person = a->slot == b->slot ? 1 : 2;
	if (verb && b->person)
		person = (a->person ? a->person : 3) == b->person ? 1 : 2;
	if (a->number && b->number)
		number = a->number == b->number ? 1 : 2;
	if (a->gender && b->gender)
		gender = a->gender == b->gender ? 1 : 2;
	return person * 9 + number * 3 + gender;
}

void weights_fold(struct weights_ctx *c)
{
	size_t n = (size_t)c->n_ftag;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			const struct ftag *a = &c->ftag[i], *b = &c->ftag[k];
			int pa = a->cls * SLOTS + a->slot, pb = b->cls * SLOTS + b->slot;
			int agree = pair_agree(a, b);

			c->pair[i * n + k] = c->w[W_PAIR + pa * PTAGS + pb] + (agree ?
				c->w[W_AGREE + (a->cls * CL_N + b->cls) * AGREES + agree] : 0);
		}
}

/* ---- reading the table -------------------------------------------------------------- */

static int class_find(struct str s)
{
	for (int i = 0; i < CL_N; i++)
		if (str_eq(s, str_of(class_name(i))))
			return i;
	return -1;
}

/* "NOUN.gent" -> plain tag, -1 when there is none such */
static int ptag_find(struct str s)
{
	struct str head;
	int cls;

	if (!str_cut(&s, '.', &head) || (cls = class_find(head)) < 0)
		return -1;
	for (int k = 0; k < SLOTS; k++)
		if (str_eq(s, str_of(slot_of(cls, k))))
			return cls * SLOTS + k;
	return -1;
}

static int agree_find(struct str pair, struct str code)
{
	struct str first;
	int a, b, v = 0;

	if (!str_cut(&pair, '.', &first) || code.n != 3)
		return -1;
	a = class_find(first);
	b = class_find(pair);
	for (int i = 0; i < 3; i++)
		v = v * 3 + (code.p[i] == '=' ? 1 : code.p[i] == '#' ? 2 : 0);
	return a < 0 || b < 0 ? -1 : W_AGREE + (a * CL_N + b) * AGREES + v;
}

static int lex_find(struct weights_ctx *c, int kind, struct str form, struct str tag)
{
	int p = ptag_find(tag);
	uint32_t id = strtab_add(&c->lex, form);

	must(id + 1 < LEX_MAX);
	return p < 0 ? -1 : W_LEX + ((kind * LEX_MAX) + (int)id + 1) * PTAGS + p;
}

static int shape_find(struct str shape, struct str cls, int base)
{
	int k = class_find(cls);

	for (int i = 0; i < SHAPES && k >= 0; i++)
		if (str_eq(shape, str_of(shape_name[i])))
			return base + i * CL_N + k;
	return -1;
}

static int feature_find(struct weights_ctx *c, struct str kind, struct str a, struct str b)
{
	static const char *const lex[] = { "here", "after", "after2", "before" };

	for (int i = 0; i < 4; i++)
		if (str_eq(kind, str_of(lex[i])))
			return lex_find(c, i, a, b);
	if (str_eq(kind, S("pair"))) {
		int x = ptag_find(a), y = ptag_find(b);

		return x < 0 || y < 0 ? -1 : W_PAIR + x * PTAGS + y;
	}
	if (str_eq(kind, S("agree")))
		return agree_find(a, b);
	if (str_eq(kind, S("tag")))
		return ptag_find(a) < 0 ? -1 : W_TAG + ptag_find(a);
	if (str_eq(kind, S("shape")))
		return shape_find(a, b, W_SHAPE);
	if (str_eq(kind, S("guess")))
		return shape_find(a, b, W_GUESS);
	return str_eq(kind, S("scale")) ? W_SCALE : -1;
}

static void read_weights(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_weights.tsv"));

	while (tsv_next(&t)) {
		int ix = feature_find(c, t.field[0], t.field[1], t.field[2]);
		double v;

		must(ix >= 0 && str_f64(t.field[3], &v));	/* our own table: a bug */
		c->w[ix] = (float)v;
	}
}

/* A field as dictionary bytes. */
static struct prefix bytes_of(struct weights_ctx *c, struct str s)
{
	uint8_t b[FORM_MAX];
	size_t n = form_bytes(b, s);

	must(n);
	return (struct prefix){ memcpy(arena_take(&c->mem, n), b, n), n };
}

static void read_prefixes(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_prefix.tsv"));
	size_t cap = 0;

	while (tsv_next(&t))
		VEC_PUSH(c->prefix, c->n_prefix, cap) = bytes_of(c, t.field[0]);
}

int cell_class(const struct tag *t)
{
	if (t->pos == POS_INF || t->pos == POS_PART || t->pos == POS_GER)
		return POS_VERB;
	if (t->pos == POS_NOUN && t->g.name)
		return CL_NAME;
	return t->mark & TAG_COMP ? POS_ADJ : t->pos;
}

static uint64_t freq_hash(const void *lemma, size_t n, int cls)
{
	uint64_t h = hash64(lemma, n, (uint64_t)cls);

	return h ? h : 1;
}

static void read_freq(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_freq.tsv"));
	size_t lines = 1;

	for (size_t i = 0; i < t.rest.n; i++)
		lines += t.rest.p[i] == '\n';
	for (c->n_freq = 64; c->n_freq < 2 * lines;)
		c->n_freq *= 2;
	c->freq = mem_alloc(c->n_freq, sizeof *c->freq);
	while (tsv_next(&t)) {
		uint8_t b[FORM_MAX];
		size_t n = form_bytes(b, t.field[0]);
		int cls = class_find(t.field[1]);
		double v;

		must(n && cls >= 0 && str_f64(t.field[2], &v));
		uint64_t h = freq_hash(b, n, cls);
		size_t at = h & (c->n_freq - 1);

		while (c->freq[at].hash && c->freq[at].hash != h)
			at = (at + 1) & (c->n_freq - 1);
		c->freq[at] = (struct freq){ h, 1 + (float)v };
	}
}

float weights_freq(const struct weights_ctx *c, const struct cell *cell)
{
	uint64_t h = freq_hash(cell->lemma, cell->n_lemma, cell_class(cell->tag));

	for (size_t at = h & (c->n_freq - 1); c->freq[at].hash; at = (at + 1) & (c->n_freq - 1))
		if (c->freq[at].hash == h)
			return c->freq[at].w;
	return 1;
}

static void read_fixes(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_lemma.tsv"));
	size_t cap = 0;

	while (tsv_next(&t)) {
		VEC_PUSH(c->fix, c->n_fix, cap) = (struct fix){
			bytes_of(c, t.field[0]), bytes_of(c, t.field[2]), class_find(t.field[1]),
		};
	}
}

void weights_lemma(const struct weights_ctx *c, struct cell *cell)
{
	for (size_t i = 0; i < c->n_fix; i++) {
		const struct fix *x = &c->fix[i];

		if (x->lemma.n != cell->n_lemma || memcmp(x->lemma.p, cell->lemma, x->lemma.n) ||
		    x->cls != cell_class(cell->tag))
			continue;
		memcpy(cell->lemma, x->better.p, x->better.n);
		cell->n_lemma = (uint8_t)x->better.n;
		return;
	}
}

static void read_extra(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_extra.tsv"));
	size_t cap = 0;

	while (tsv_next(&t)) {
		double w;

		must(str_f64(t.field[3], &w));
		VEC_PUSH(c->extra, c->n_extra, cap) = (struct extra){
			bytes_of(c, t.field[0]), bytes_of(c, t.field[1]), tag_parse(t.field[2]),
			(float)w,
		};
	}
}

size_t dict_extra(const struct dict *d, struct cell *out, size_t n_out, size_t cap,
                  const uint8_t *form, size_t n)
{
	const struct weights_ctx *c = d->ctx;
	float sum = 0;

	for (size_t i = 0; i < n_out; i++)
		sum += out[i].w;
	for (size_t i = 0; i < c->n_extra && n_out < cap; i++) {
		const struct extra *x = &c->extra[i];

		if (x->form.n != n || memcmp(x->form.p, form, n))
			continue;
		out[n_out] = (struct cell){ .n_lemma = (uint8_t)x->lemma.n, .tag = &x->tag,
		                            .w = x->w * (sum > 0 ? sum : 1) };
		memcpy(out[n_out++].lemma, x->lemma.p, x->lemma.n);
	}
	return n_out;
}

static struct weights_ctx *read_all(void)
{
	struct weights_ctx *c = mem_alloc(1, sizeof *c);

	c->mem = arena_open("word weights");
	c->lex = strtab_open("word lexicon");
	c->w = mem_alloc(W_N, sizeof *c->w);
	number_ftags(c);
	c->pair = mem_alloc((size_t)c->n_ftag * (size_t)c->n_ftag, sizeof *c->pair);
	c->w[W_SCALE] = 1;
	read_weights(c);
	read_prefixes(c);
	read_freq(c);
	read_fixes(c);
	read_extra(c);
	weights_fold(c);
	return c;
}

/* The tables are the program's own: read once, kept to its end, shared by all. */
static struct weights_ctx *shared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_once(void)
{
	shared = read_all();
}

struct weights_ctx *weights_take(void)
{
	pthread_once(&once, read_once);
	return shared;
}

const struct prefix *weights_prefixes(const struct weights_ctx *c, size_t *n)
{
	*n = c->n_prefix;
	return c->prefix;
}

uint16_t weights_lex(const struct weights_ctx *c, struct str form)
{
	uint32_t id = strtab_find(&c->lex, form);

	return id == STRTAB_NONE ? 0 : (uint16_t)(id + 1);
}
