/* ledger.h - the account of compression: what each stage from letters to scenes saves, and what
 * it loses, measured on the same books (docs/ledger.md).
 *
 *   ledger_flow.c     a book -> its streams: words, lemmas, glyphs            (any thread)
 *   ledger_read.c     a library or a mind -> streams of all books, joined
 *   ledger_tokens.c   tokenizers: trained or taken from a folder, counted, tried back and forth
 *   ledger_stages.c   streams -> rows: positions, vocabulary, bits, losses (ledger_rows.h)
 *   ledger_claims.c   rows -> verdicts on the claims of 15 June 2025
 *   ledger_json.c     the ledger as a file, and back
 *   ledger_print.c    the ledger for people
 *   report_ledger.c   the ledger on the report page
 */
#ifndef LTM_APP_LEDGER_H
#define LTM_APP_LEDGER_H

#include "app/app.h"

/* ---- the ledger ---------------------------------------------------------------------------- */

/* Stages. Agrees with the table in ledger_claims.c; keys are stored, order may change. */
enum stage {
	LS_RAW, LS_CLEAN, LS_WORDS, LS_MORPHS, LS_BYTE, LS_MORPH, LS_HYPER, LS_FOLD, LS_FOLD_CHAINS,
	LS_LEMMAS, LS_LEMMA_CHAINS, LS_CONTENT, LS_CONTENT_CHAINS, LS_GLYPHS, LS_CODES, LS_SCENES, LS_N
};
struct stage_row {
	bool there;			/* counted in this ledger */
	bool reversible;		/* by its kind, and found so when it was tried */
	uint64_t positions, positions_all;	/* on the counted part; on the whole library */
	uint64_t vocab, vocab_all;	/* distinct symbols in use */
	uint64_t vocab_bytes;		/* their spellings, a byte between: counted part */
	uint64_t bits, vocab_bits;	/* coded stream, coded spellings: counted part */
	double lost_form, lost_order, lost_identity;	/* shares of words, 0..1: counted part */
};
enum { LEDGER_VOCAB = 32768 };		/* of the tokenizers, unless another is asked for */
enum { PEERS = 3 };			/* gpt2, cl100k, o200k: data/ru/ledger_peers.tsv */
struct ledger {
	uint64_t books, chars, bytes, words, scenes;	/* the whole library; words without marks */
	uint64_t part_books, part_chars, part_words, part_scenes;	/* the counted part */
	bool whole;			/* too few books to set some aside: the part is all of them */
	uint64_t forms, lemmas;		/* distinct, lower case, whole library */
	uint64_t store_bytes;		/* of a mind's store.db; 0: not a mind */
	uint64_t left_out;		/* sources that could not be read */
	uint32_t vocab;			/* tokenizers were asked for */
	bool peers_same;		/* the counted books are those of the table of peers */
	double peer[PEERS];		/* tokens per 1,000 characters */
	struct stage_row row[LS_N];
};
double ledger_per1000(const struct ledger *l, enum stage s);
double ledger_bpc(const struct ledger *l, enum stage s, bool with_vocab);
const char *stage_key(enum stage s);
const char *stage_name(enum stage s, bool ru);
/* What it is and what it costs, one line. */
const char *stage_what(enum stage s, bool ru);
bool stage_lossless(enum stage s);	/* by its kind */
const char *peer_name(int i);		/* "GPT-2", … */
void ledger_peers(struct ledger *l, const struct str *name, const uint64_t *chars, size_t n);

/* ---- verdicts ------------------------------------------------------------------------------ */

enum verdict { HOLDS, IN_PART, FAILS, UNKNOWN_VERDICT };
enum { CLAIMS = 9 };
struct claim {
	const char *key;
	const char *says[2];		/* [ru] */
	double lo, hi;			/* claimed factor */
	double lossless, lossy;		/* measured; 0: not measured */
	double product;			/* of the single factors, for "all"; 0: none */
	double lost_form, lost_order, lost_identity;	/* of the lossy way */
	enum verdict verdict;
	char how[2][600];		/* [ru] how it was measured, with the numbers */
};
/* Holds: lossless >= lo. In part: lossless >= sqrt(lo), or lossy >= lo. Else it fails. */
enum verdict claim_verdict(double lo, double lossless, double lossy);
void ledger_claims(struct claim out[CLAIMS], const struct ledger *l);
const char *verdict_name(enum verdict v, bool ru);

/* ---- file and print ------------------------------------------------------------------------ */
void ledger_json(struct buf *out, const struct ledger *l);
enum status ledger_load(struct ledger *l, const char *path, struct err *e);
void ledger_text(struct buf *out, const struct ledger *l, bool ru);

/* ---- making it ----------------------------------------------------------------------------- */

struct ledger_opts {
	const char *const *path;	/* books, folders, or one mind */
	size_t n_path;
	const char *root;		/* left off names, as in stage_read */
	const char *keep;		/* where tokenizers are kept; NULL: nowhere */
	uint32_t vocab;
	int threads;
	const char *dict;
};
/* A mind's ledger: MIND/ledger.json when it is up to date (*did false), else made and kept there
 * with its tokenizers. The caller holds the mind. */
enum status ledger_of_mind(struct ledger *l, const char *mind, const struct ledger_opts *o, bool *did,
                           const struct watch *w, struct err *e);
/* ERR_PART when some books were left out. */
enum status stage_ledger(struct ledger *out, const struct ledger_opts *o, const struct watch *w,
                         struct err *e);

/* Word flags of a flow; codes of a field are numbered from field * CODE_STEP. */
enum { CODE_STEP = 64 };
enum { FW_MARK = 1, FW_CONTENT = 2, FW_END = 4 /* last of its sentence */, FW_GLYPH = 8 /* on its
       scene's line */ };

/* A book's streams with its own numbering; sent from a worker to the joining. */
struct flow {
	struct arena mem;
	struct str text, name;
	int split;
	uint64_t raw_chars;
	uint32_t *raw;			/* [raw_chars] of test books, else NULL */
	/* surfaces: words and marks as written, " " before them included, other gaps apart */
	struct strtab surf;
	uint32_t *tok;
	size_t n_tok, cap_tok;
	/* words and marks */
	struct strtab form, lemma;	/* lower case; lemma: spelling, \x01, part of speech */
	uint32_t *w_form, *w_lemma;	/* [n_word] */
	uint8_t *w_flag;
	size_t n_word;
	/* scenes */
	struct strtab glyph, line;
	uint32_t *g;			/* glyphs in order */
	size_t n_g, cap_g;
	uint32_t *line_of;		/* [n_scene] */
	uint32_t *code;			/* [n_scene * SC_N] */
	size_t n_scene;
	struct err e;
};
/* b lives in f->mem, its text is f->text. s: its scenes, or NULL: they are found here. */
void flow_make(struct flow *f, const struct book *b, struct scene *s, size_t n_scene,
               struct word_cache *c);
void flow_clear(struct flow *f);
/* Spelling of a lemma's key. */
struct str flow_lemma_text(struct str key);

/* A growing stream. */
struct stream { uint32_t *id; size_t n, cap; };
static inline void stream_put(struct stream *s, uint32_t id) { VEC_PUSH(s->id, s->n, s->cap) = id; }

/* All books joined. "Part": the counted books. */
struct shelf_text { struct str text, name; int split; uint64_t chars; };
struct joined {
	struct arena mem;		/* texts live here */
	struct shelf_text *book;
	size_t n, cap;
	struct strtab surf, form, lemma, glyph, line;
	uint64_t *surf_count;		/* [surf.n] on the whole library */
	size_t cap_surf;
	struct guess *forms_of;		/* training words: lemma, form -> how often */
	/* the counted part */
	struct stream raw, tok, w_form, w_lemma, w_flag, g, line_of, code;
	/* training, and whole */
	struct stream learn_lemma, learn_content;	/* 1 + id; 0 a border */
	struct stream all_lemma, all_content;		/* the same of the whole library */
	uint64_t raw_all, tok_all, g_all, scene_all, code_seen[SC_N * CODE_STEP];
	uint64_t bytes, words, marks, content, part_words, part_scenes;
	uint64_t left_out, store_bytes;
	enum status first;
	char why[700];
	bool whole;
};
enum status joined_read(struct joined *j, const struct ledger_opts *o, const struct watch *w,
                        struct err *e);
void joined_close(struct joined *j);
/* The mind that is counted, or NULL when it is books. */
const char *ledger_mind(const struct ledger_opts *o);
bool in_part(const struct joined *j, int split);
/* Streams to rows. */
enum status ledger_rows(struct ledger *l, const struct joined *j, const struct ledger_opts *o,
                        const struct dict *d, const struct watch *w, struct err *e);
/* The commonest training form of every lemma, [lemma.n], STRTAB_NONE where there is none. */
uint32_t *guess_best(const struct guess *p, size_t lemmas, struct arena *a);

#endif
