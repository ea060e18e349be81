/* mind.h - a mind's folder and its manifest.
 *
 *   MIND/manifest.json     renamed last: every other file with its size and XXH3
 *   MIND/store.db          the library (io/store/store.h)
 *   MIND/lemmas.ltm        key -> lemma of every content word (app/read/lemmas.c)
 *   MIND/concepts.ltm      the concept graph (concepts/concepts.h)
 *   MIND/core.safetensors  the core's weights, with metadata
 *   MIND/ranker.ltm        the shallow ranker it is measured beside
 *   MIND/core.1.ckpt, core.2.ckpt   the last two checkpoints; core.stop.ckpt where it was stopped
 *   MIND/ledger.json       the account of compression (app/ledger/ledger.h)
 *   MIND/byte.tokens …     the tokenizers it was made with (words/tokens/tokens.h)
 *   MIND/eval.json, report.html, train.log, core.card.md
 *   MIND/stages.tsv        which stages are up to date (app/done.h)
 *   MIND/lock              flock: one writer
 */
#ifndef LTM_IO_MIND_H
#define LTM_IO_MIND_H

#include "base/base.h"

/* PATH of a file in a mind, in a. */
const char *mind_path(struct arena *a, const char *mind, const char *file);
/* Hashes the named files (those that exist) and saves the manifest. */
enum status mind_seal(const char *mind, struct err *e);
/* Every file of the manifest is there with its size and hash; ERR_FORMAT names the first that
 * is not and what mends it. A missing manifest is "not a mind". A newer version is refused. */
enum status mind_check(const char *mind, struct err *e);
/* The same without hashing: sizes only (done at every opening). */
enum status mind_glance(const char *mind, struct err *e);

#endif
