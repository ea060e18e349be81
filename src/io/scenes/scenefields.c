/* scenefields.c - one table of a scene's fields: it writes them and it reads them.
 *
 *   in    struct scene, or the mapping of a scene in a file
 *   out   the mapping, or struct scene
 *
 * A row names the key, the key inside it (tension: {kind, text}), what it holds and where
 * that lives in struct scene. YAML and pvq JSON use the same rows: what one part writes
 * the other reads. The schema is docs/formats.md; keys of rows agree with
 * scene_code_key and scene_text_key of the scenes room (t_scenefile.c proves it).
 *
 * Invariants: a field that is empty is written null and read back empty; confidences that
 * are 0 are not written; reading what was written gives the same scene.
 */
#include "io/scenes/scenefields.h"

enum field_kind { F_CODE, F_TEXT, F_ACTORS, F_IMAGES, F_VALENCE, F_AROUSAL };

struct field {
	const char *key, *sub;		/* sub NULL: the key holds the value itself */
	const char *old;		/* the key's name in older files, or NULL */
	enum field_kind kind;
	int index;			/* into code[] or text[] */
	bool pvq;			/* one of the five parts of a pvq record */
};

/* Order is the order in files. Rows of one key stand together. */
static const struct field table[] = {
	{ "archetype",   NULL,       "act",   F_TEXT,    ST_ARCHETYPE,   false },
	{ "actors",      NULL,       "who",   F_ACTORS,  0,              false },
	{ "field",       NULL,       "where", F_TEXT,    ST_FIELD,       true },
	{ "disturbance", NULL,       NULL,    F_TEXT,    ST_DISTURBANCE, true },
	{ "intention",   NULL,       NULL,    F_TEXT,    ST_INTENTION,   true },
	{ "tension",     "kind",     NULL,    F_CODE,    SC_TENSION,     false },
	{ "tension",     "text",     NULL,    F_TEXT,    ST_TENSION,     false },
	{ "transition",  NULL,       NULL,    F_CODE,    SC_TRANSITION,  true },
	{ "resolution",  "kind",     NULL,    F_CODE,    SC_RESOLUTION,  true },
	{ "resolution",  "text",     NULL,    F_TEXT,    ST_RESOLUTION,  true },
	{ "logic",       "relation", NULL,    F_CODE,    SC_LOGIC,       false },
	{ "logic",       "text",     NULL,    F_TEXT,    ST_LOGIC,       false },
	{ "emotion",     "label",    NULL,    F_CODE,    SC_EMOTION,     false },
	{ "emotion",     "valence",  NULL,    F_VALENCE, 0,              false },
	{ "emotion",     "arousal",  NULL,    F_AROUSAL, 0,              false },
	{ "image",       NULL,       NULL,    F_IMAGES,  0,              false },
	{ "function",    NULL,       NULL,    F_CODE,    SC_FUNCTION,    false },
	{ "idea",        NULL,       NULL,    F_TEXT,    ST_IDEA,        false },
};
enum { FIELDS = sizeof table / sizeof *table };

static bool is_key(const struct field *f, struct str key)
{
	return str_eq(key, str_of(f->key)) || (f->old && str_eq(key, str_of(f->old)));
}

/* ---- complaints -------------------------------------------------------------------- */

static void place(struct buf *out, const struct fields_ctx *c, const struct tree *n)
{
	struct str key = tree_shown(n->key), scene = tree_shown(c->scene);

	if (n->line)
		buf_printf(out, "line %u, column %u: ", n->line, n->col);
	if (scene.n)
		buf_printf(out, "scene " STR_FMT ": ", STR_ARG(scene));
	if (key.n)
		buf_printf(out, "key " STR_FMT ": ", STR_ARG(key));
}

enum status fields_error(const struct fields_ctx *c, const struct tree *n, enum status code,
                         const char *fmt, ...)
{
	struct buf b = { 0 };
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	place(&b, c, n);
	buf_str(&b, str_of(what));
	err_set(c->e, code, "%s", b.p);
	buf_free(&b);
	return code;
}

void fields_warn(const struct fields_ctx *c, const struct tree *n, const char *fmt, ...)
{
	char what[400];
	struct buf line = { 0 };
	va_list ap;

	if (!c->warn || c->warn->n > 100000)
		return;			/* enough to see what is wrong */
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	place(&line, c, n);
	buf_str(&line, str_of(what));
	buf_str(c->warn, str_safe(c->a, buf_view(&line), false));	/* it may reach a terminal */
	buf_char(c->warn, '\n');
	buf_free(&line);
}

/* ---- scalars ----------------------------------------------------------------------- */

enum status fields_text(struct str *out, const struct tree *n, const struct fields_ctx *c)
{
	if (!tree_is_scalar(n))
		return fields_error(c, n, ERR_FORMAT, "%s, expected a string", tree_kind_name(n));
	*out = tree_is_null(n) ? S("") : n->s;
	return OK;
}

enum status fields_float(float *out, const struct tree *n, double low, double high,
                         const struct fields_ctx *c)
{
	double v;

	if (n->kind != TREE_PLAIN || !str_f64(n->s, &v))
		return fields_error(c, n, ERR_FORMAT, "%s, expected a number", tree_kind_name(n));
	if (!(v >= low && v <= high))
		return fields_error(c, n, ERR_FORMAT, "%g, expected a number from %g to %g", v, low,
		                    high);
	*out = (float)v;
	return OK;
}

enum status fields_u64(uint64_t *out, const struct tree *n, uint64_t high,
                       const struct fields_ctx *c)
{
	if (n->kind != TREE_PLAIN || !str_u64(n->s, out))
		return fields_error(c, n, ERR_FORMAT, "%s, expected a whole number, 0 or more",
		                    tree_kind_name(n));
	if (*out > high)
		return fields_error(c, n, ERR_LIMIT, "%llu is over the limit of %llu",
		                    (unsigned long long)*out, (unsigned long long)high);
	return OK;
}

/* ---- reading ----------------------------------------------------------------------- */

static enum status read_code(uint8_t *code, enum scene_code f, const struct tree *n,
                             const struct fields_ctx *c)
{
	char known[300] = "";
	struct str s;
	int kind;

	if (fields_text(&s, n, c))
		return c->e->code;
	kind = s.n ? kind_find(f, s) : 0;
	if (kind > 0 || tree_is_null(n)) {
		*code = (uint8_t)kind;
		return OK;
	}
	for (int i = 1; i <= kind_count(f); i++) {
		size_t have = strlen(known);

		snprintf(known + have, sizeof known - have, " " STR_FMT, STR_ARG(kind_get(f, i)->code));
	}
	return fields_error(c, n, ERR_FORMAT, "unknown code '" STR_FMT "', expected one of%s",
	                    STR_ARG(tree_shown(s)), known);
}

static enum status read_list(struct str *v, int *count, int max, const struct tree *n,
                             const struct fields_ctx *c)
{
	int k = 0;

	*count = 0;
	if (tree_is_null(n))
		return OK;
	if (n->kind != TREE_SEQ)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a list like [a, b]",
		                    tree_kind_name(n));
	for (const struct tree *i = n->first; i && k < max; i = i->next) {
		if (!tree_is_scalar(i) || tree_is_null(i))
			return fields_error(c, i, ERR_FORMAT, "%s in the list of " STR_FMT ", expected a "
			                    "string", tree_kind_name(i), STR_ARG(tree_shown(n->key)));
		v[k++] = i->s;
	}
	if (n->n > (uint32_t)max)
		fields_warn(c, n, "%u in the list, the first %d are kept", n->n, max);
	*count = k;
	return OK;
}

static enum status read_value(struct scene *s, const struct field *f, const struct tree *n,
                              const struct fields_ctx *c)
{
	switch (f->kind) {
	case F_CODE: return read_code(&s->code[f->index], (enum scene_code)f->index, n, c);
	case F_TEXT: return fields_text(&s->text[f->index], n, c);
	case F_ACTORS: return read_list(s->actor, &s->n_actor, ACTORS_MAX, n, c);
	case F_IMAGES: return read_list(s->image, &s->n_image, IMAGES_MAX, n, c);
	case F_VALENCE: return tree_is_null(n) ? OK : fields_float(&s->valence, n, -1, 1, c);
	case F_AROUSAL: return tree_is_null(n) ? OK : fields_float(&s->arousal, n, 0, 1, c);
	}
	return OK;
}

/* tension: {kind: …, text: …} */
static enum status read_group(struct scene *s, const struct field *f, const struct tree *n,
                              const struct fields_ctx *c)
{
	if (tree_is_null(n))
		return OK;
	if (n->kind != TREE_MAP)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a mapping with %s",
		                    tree_kind_name(n), f->sub);
	for (const struct tree *i = n->first; i; i = i->next) {
		const struct field *g = f;

		while (g < table + FIELDS && !strcmp(g->key, f->key) &&
		       !str_eq(i->key, str_of(g->sub)))
			g++;
		if (g == table + FIELDS || strcmp(g->key, f->key))
			fields_warn(c, i, "unknown key inside %s, left out", f->key);
		else if (read_value(s, g, i, c))
			return c->e->code;
	}
	return OK;
}

enum status fields_read(struct scene *s, const struct tree *child, bool *known,
                        const struct fields_ctx *c)
{
	for (const struct field *f = table; f < table + FIELDS; f++) {
		if (!is_key(f, child->key))
			continue;
		*known = true;
		return f->sub ? read_group(s, f, child, c) : read_value(s, f, child, c);
	}
	*known = false;
	return OK;
}

/* ---- confidence -------------------------------------------------------------------- */

/* "tension" for the code, "tension.text" for the phrase beside it. */
static struct str conf_key(const struct field *f, struct arena *a)
{
	if (f->kind == F_TEXT && f->sub)
		return str_printf(a, "%s.%s", f->key, f->sub);
	return str_of(f->key);
}

static float *conf_of(struct scene *s, const struct field *f)
{
	return f->kind == F_CODE ? &s->code_conf[f->index]
	       : f->kind == F_TEXT ? &s->text_conf[f->index] : NULL;
}

static enum status read_conf_list(float *v, int count, const struct tree *n,
                                  const struct fields_ctx *c)
{
	const struct tree *i = n->first;

	if (n->kind != TREE_SEQ)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a list of numbers",
		                    tree_kind_name(n));
	for (int k = 0; k < count && i; k++, i = i->next)
		if (fields_float(&v[k], i, 0, 1, c))
			return c->e->code;
	return OK;
}

static enum status read_conf(struct scene *s, const struct tree *n, const struct fields_ctx *c)
{
	for (const struct field *f = table; f < table + FIELDS; f++) {
		float *v = conf_of(s, f);

		if (!str_eq(n->key, conf_key(f, c->a)))
			continue;
		if (f->kind == F_ACTORS)
			return read_conf_list(s->actor_conf, s->n_actor, n, c);
		if (f->kind == F_IMAGES)
			return read_conf_list(s->image_conf, s->n_image, n, c);
		if (v)
			return fields_float(v, n, 0, 1, c);
	}
	fields_warn(c, n, "unknown key in confidence, left out");
	return OK;
}

static void all_certain(struct scene *s)
{
	for (int i = 0; i < SC_N; i++)
		s->code_conf[i] = s->code[i] != 0;
	for (int i = 0; i < ST_N; i++)
		s->text_conf[i] = s->text[i].n != 0;
	for (int i = 0; i < s->n_actor; i++)
		s->actor_conf[i] = 1;
	for (int i = 0; i < s->n_image; i++)
		s->image_conf[i] = 1;
}

enum status fields_confidence(struct scene *s, const struct tree *conf,
                              const struct fields_ctx *c)
{
	if (!conf || tree_is_null(conf)) {
		all_certain(s);
		return OK;
	}
	if (conf->kind != TREE_MAP)
		return fields_error(c, conf, ERR_FORMAT, "%s, expected a mapping of numbers",
		                    tree_kind_name(conf));
	for (const struct tree *n = conf->first; n; n = n->next)
		if (read_conf(s, n, c))
			return c->e->code;
	return OK;
}

/* ---- writing ----------------------------------------------------------------------- */

static struct tree *write_list(const struct str *v, int n, struct arena *a)
{
	struct tree *list = tree_flow(tree_seq(a));

	for (int i = 0; i < n; i++)
		tree_append(list, tree_text(a, v[i]));
	return list;
}

static struct tree *write_value(const struct scene *s, const struct field *f, struct arena *a)
{
	switch (f->kind) {
	case F_CODE:
		return tree_text_or_null(a, kind_get((enum scene_code)f->index,
		                                     s->code[f->index])->code);
	case F_TEXT: return tree_text_or_null(a, s->text[f->index]);
	case F_ACTORS: return write_list(s->actor, s->n_actor, a);
	case F_IMAGES: return write_list(s->image, s->n_image, a);
	case F_VALENCE: return tree_float(a, s->valence);
	case F_AROUSAL: return tree_float(a, s->arousal);
	}
	return tree_null(a);
}

static bool is_empty(const struct scene *s, const struct field *f)
{
	switch (f->kind) {
	case F_CODE: return s->code[f->index] == 0;
	case F_TEXT: return s->text[f->index].n == 0;
	case F_ACTORS: return s->n_actor == 0;
	case F_IMAGES: return s->n_image == 0;
	case F_VALENCE: return s->valence == 0;
	case F_AROUSAL: return s->arousal == 0;
	}
	return true;
}

/* The rows of one key, from f; returns the row after them. */
static const struct field *write_key(struct tree *map, const struct scene *s,
                                     const struct field *f, struct arena *a)
{
	struct tree *group = tree_flow(tree_map(a));
	const struct field *g = f;
	bool empty = true;

	if (!f->sub) {
		tree_put(map, f->key, write_value(s, f, a));
		return f + 1;
	}
	for (; g < table + FIELDS && !strcmp(g->key, f->key); g++) {
		tree_put(group, g->sub, write_value(s, g, a));
		empty = empty && is_empty(s, g);
	}
	tree_put(map, f->key, empty ? tree_null(a) : group);
	return g;
}

static void write_conf(struct tree *map, const struct scene *s, bool pvq, struct arena *a)
{
	struct tree *conf = tree_flow(tree_map(a));
	struct scene copy = *s;

	for (const struct field *f = table; f < table + FIELDS; f++) {
		const float *one = conf_of(&copy, f);
		const float *v = f->kind == F_ACTORS ? s->actor_conf : s->image_conf;
		int n = f->kind == F_ACTORS ? s->n_actor : f->kind == F_IMAGES ? s->n_image : 0;
		struct tree *list;

		if (pvq && !f->pvq)
			continue;
		if (one && *one != 0)
			tree_put(conf, conf_key(f, a).p, tree_float(a, *one));
		if (n == 0)
			continue;
		list = tree_flow(tree_seq(a));
		for (int i = 0; i < n; i++)
			tree_append(list, tree_float(a, v[i]));
		tree_put(conf, f->key, list);
	}
	tree_put(map, "confidence", conf);
}

void fields_write(struct tree *map, const struct scene *s, bool pvq, struct arena *a)
{
	for (const struct field *f = table; f < table + FIELDS;) {
		if (pvq && !f->pvq)
			f++;
		else
			f = write_key(map, s, f, a);
	}
	write_conf(map, s, pvq, a);
}
