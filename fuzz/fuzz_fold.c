/* fuzz_fold.c - folded grammar against any bytes, as text, as ids and as a vocabulary.
 *
 *   as text        must come back to the byte, from vocabularies of several kinds
 *   as ids         must give text or ERR_FORMAT
 *   as vocabulary  must be refused, or give the same text back
 *
 * The dictionary is the synthetic one of the tests, or $LTM_DICT: then the vocabulary is of real words.
 */
#include <stdlib.h>
#include "../tests/unit/synth_dict.h"
#include "words/fold/fold.h"

static const char school[] =
        "Мыла мама мыло. Ёж и ежи — ёж, ежа, ежу! Мыло мыли, мыла «нет».\nСтол, стола; "
        "на столе.\n"
        "В лесу не шумит лес, а в тёмном поле тихо. — Да? — сказал он. — 12 XIV abc\n";

static struct dict *d;
static struct tokenizer made[3];
static struct tokens_work work[3];

static void begin(void)
{
	static struct buf bytes;
	static const uint32_t option[3] = { FOLD_DEFAULT, FOLD_OPTIONS, 0 };
	static const uint32_t vocab[3] = { 700, 400, 300 };
	struct err e = { 0 };
	struct str text[20];
	const char *path = getenv("LTM_DICT");

	if (path)
		must(!file_read(&bytes, path, 64 << 20, &e));
	else
		synth_dict(&bytes);
	must(!dict_open(&d, buf_view(&bytes), &e));
	for (size_t i = 0; i < 20; i++)
		text[i] = str_of(school);
	for (int i = 0; i < 3; i++) {
		struct tokens_plan p = { TOKENS_FOLD, vocab[i], d };
		struct fold_plan q = { .option = option[i], .vocab = vocab[i] };

		made[i] = (struct tokenizer){ .scheme = TOKENS_FOLD,
			                      .of = &scheme_fold,
			                      .dict = d,
			                      .mem = arena_open("fuzz") };
		must(!fold_train(&made[i], &p, &q, text, 20, NULL, &e));
		must(!scheme_fold.ready(&made[i], &e));
		work[i] =
		        (struct tokens_work){ &made[i], scheme_fold.work_open(&made[i]) };
	}
}

static void there_and_back(struct tokens_work *k, struct str text)
{
	struct ids ids = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	scheme_fold.encode(k, text, &ids);
	must(!scheme_fold.decode(k, ids.id, ids.n, &b, &e));
	must(str_eq(buf_view(&b), text));
	mem_free(ids.id);
	buf_free(&b);
}

static void as_ids(struct tokens_work *k, struct str bytes)
{
	struct ids ids = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i + 1 < bytes.n; i += 2)
		VEC_PUSH(ids.id, ids.n, ids.cap) = (uint32_t)(unsigned char)bytes.p[i]
		                                           << 2 |
		                                   ((unsigned char)bytes.p[i + 1] & 3);
	if (scheme_fold.decode(k, ids.id, ids.n, &b, &e))
		must(e.code == ERR_FORMAT && e.msg[0]);
	mem_free(ids.id);
	buf_free(&b);
}

/* The first two bytes say which bytes of a true vocabulary are changed by the rest. */
static void as_vocabulary(struct str bytes)
{
	struct tokenizer t = made[0];
	struct err e = { 0 };

	if (bytes.n < 4 || (bytes.p[1] & 7))	/* costly: an eighth of the inputs */
		return;
	char *p = mem_alloc(t.extra.n, 1);
	size_t at = ((size_t)(unsigned char)bytes.p[0] << 8 | (unsigned char)bytes.p[1]) %
	            t.extra.n;

	memcpy(p, t.extra.p, t.extra.n);
	for (size_t i = 2; i < bytes.n && at < t.extra.n; i++)
		p[at++] ^= bytes.p[i];
	t.extra.p = p;
	t.own = NULL;
	if (scheme_fold.ready(&t, &e)) {
		must((e.code == ERR_FORMAT || e.code == ERR_USAGE) && e.msg[0]);
	} else {
		struct tokens_work k = { &t, scheme_fold.work_open(&t) };

		there_and_back(&k, str_of(school));
		scheme_fold.work_close(k.own);
		scheme_fold.close(&t);
	}
	mem_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };

	if (!d)
		begin();
	for (int i = 0; i < 3; i++) {
		there_and_back(&work[i], bytes);
		as_ids(&work[i], bytes);
	}
	as_vocabulary(bytes);
	return 0;
}
