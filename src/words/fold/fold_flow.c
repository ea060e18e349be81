/* fold_flow.c - what is expected next: a capital, a space, a form.
 *
 *   in    everything that was written so far, byte by byte or word by word
 *   out   whether a sentence begins; which form a lexeme is expected in
 *
 * The coder and the writer run it over the same bytes, so that what is as expected needs no
 * atom. It need not be right, only the same on both sides.
 *
 * Capitals: after a line's end, after a full stop, after ! ? … unless a dash follows («— Пойдём! —
 * сказал он»), after a colon with an opening quote or a dash.
 * Forms: an adjective, adjective pronoun, participle or ordinal hands its case, number and gender on
 * to the next lexeme, over a comma or conjunction to adjectives only; a name to the next name.
 */
#include "words/fold/fold.h"

enum after { AFTER_LETTER, AFTER_LINE, AFTER_STOP, AFTER_BANG };

struct flow flow_begin(void)
{
	return (struct flow){ .start = true, .after = AFTER_LINE };
}

void flow_word(struct flow *w)
{
	w->start = w->colon = false;
	w->after = AFTER_LETTER;
	w->seq = 0;
}

static void dash(struct flow *w)
{
	if (w->colon)
		w->start = true;
	else if (w->after == AFTER_BANG)
		w->start = false;
}

static void stop(struct flow *w, enum after after)
{
	w->start = true;
	w->colon = false;
	w->after = after;
}

/* Third byte of E2 80 xx. */
static void general(struct flow *w, unsigned char c)
{
	if (c >= 0x92 && c <= 0x95)
		dash(w);
	else if (c == 0xA6)
		stop(w, AFTER_BANG);
	else if (c >= 0x98 && c <= 0x9F)
		w->start |= w->colon;
	w->seq = 0;
}

static void ascii(struct flow *w, unsigned char c)
{
	switch (c) {
	case '\n': case '\r': stop(w, AFTER_LINE); break;
	case ' ': case '\t': case ')': case ']': break;
	case '.': stop(w, AFTER_STOP); break;
	case '!': case '?': stop(w, AFTER_BANG); break;
	case ':': w->colon = true; w->start = false; break;
	case '"': case '\'': case '(': case '[': w->start |= w->colon; break;
	case '-': dash(w); break;
	default: flow_word(w);
	}
}

void flow_bytes(struct flow *w, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (w->seq == 2) {
			general(w, c);
		} else if (w->seq == 3) {	/* C2 xx: no-break space, « » */
			w->start |= c == 0xAB && w->colon;
			w->seq = 0;
		} else if (w->seq == 1 && c == 0x80) {
			w->seq = 2;
		} else if (c < 0x80) {
			w->seq = 0;
			ascii(w, c);
		} else if (c == 0xE2 || c == 0xC2) {
			w->seq = c == 0xE2 ? 1 : 3;
		} else {
			flow_word(w);
		}
	}
}

/* ---- agreement --------------------------------------------------------------------- */

static bool adjective(const struct tag *t)
{
	return t->pos == POS_ADJ || t->pos == POS_APRO;
}

static int agree(const struct fold *o, const struct flow *w, const struct atom *lex)
{
	const struct tag *t0 = inflect_tag(o->f, lex->para, 0);
	uint16_t slot = (uint16_t)(w->agree - 1), want;

	if (w->name)
		return t0->g.name && !w->far ? inflect_pick(o->f, lex->para, slot, 0)
		                             : -1;
	if (adjective(t0)) {
		want = o->as_adj[slot];
		return want ? inflect_pick(o->f, lex->para, (uint16_t)(want - 1), 0) : -1;
	}
	if (t0->pos != POS_NOUN || w->far)
		return -1;
	struct slot s = slot_unpack(inflect_slot(o->f, slot));

	if (s.g.number == 1 && s.g.gender && t0->g.gender && t0->g.gender != 4 &&
	    s.g.gender != t0->g.gender)
		return -1;
	want = o->as_noun[slot];
	return want ? inflect_pick(o->f, lex->para, (uint16_t)(want - 1), 0) : -1;
}

int fold_expect(const struct fold *o, const struct flow *w, const struct atom *lex,
                bool *agrees)
{
	int k = -1;

	*agrees = false;
	if (lex->para == PARA_NONE)
		return 0;
	if (w->agree && (o->option & FOLD_AGREE))
		k = agree(o, w, lex);
	*agrees = k >= 0;
	return *agrees ? k : lex->usual;
}

void flow_lex(struct flow *w, const struct fold *o, const struct atom *lex, int k)
{
	if (lex->flag & LEXEME_CONJ) {
		w->far = true;
		return;
	}
	w->agree = 0;
	w->far = w->name = false;
	if (lex->para == PARA_NONE)
		return;
	const struct tag *t = inflect_tag(o->f, lex->para, (uint32_t)k);

	if (!t->g.gcase || t->g.shortf)
		return;
	w->name = t->pos == POS_NOUN && t->g.name;
	if (w->name || adjective(t) || t->pos == POS_PART)
		w->agree = (uint16_t)(inflect_slot_of(o->f, lex->para, (uint32_t)k) + 1);
}

void flow_other(struct flow *w, uint32_t rune)
{
	if (rune == ',')
		w->far = true;
	else
		w->agree = 0;
}
