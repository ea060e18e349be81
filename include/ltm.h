/* ltm.h - LTM for programs: everything the command `ltm` does, as functions.
 *
 *   a library   books: TXT, FB2, FB2.ZIP, EPUB, in any Russian charset
 *   a mind      a folder with everything learned from a library (see ltm_check)
 *
 * How every function works
 *   - It takes a struct of options. Fill it with zeros and set what you want: a zero or NULL
 *     always means the default that the comment names.
 *   - It returns a code: LTM_OK, or what went wrong; the message is in *e (which may be NULL).
 *     The codes are the exit codes of the command.
 *   - What it produces leaves through a sink; the library itself never prints, never exits and
 *     installs no signal handler. (Out of memory is the exception: one line, exit code 4.)
 *   - Progress goes to a watch, which may be NULL. Long work ends early, with its state saved
 *     and LTM_STOP returned, once *watch->stop is not 0.
 *   - Strings are UTF-8 and NUL-terminated; they are lent for the call.
 *
 * Threads: calls on different minds may run at the same time. One mind has one writer: a second
 * one gets LTM_LOCK. Results do not depend on the number of threads. No call uses the network.
 *
 * Binary compatibility: every options struct begins with `size_t size`, which the initialiser
 * LTM_OPTS fills in, so that a library newer than the program knows which members it has.
 */
#ifndef LTM_H
#define LTM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LTM_API __attribute__((visibility("default")))

/* The library's version, "0.1.0". A literal. */
LTM_API const char *ltm_version(void);

/* ---- codes, errors, output, progress -------------------------------------------------- */

enum ltm_code {
	LTM_OK = 0,
	LTM_PART = 1,		/* done, but some input was left out; it is listed */
	LTM_USAGE = 2,		/* wrong use: an impossible option, a missing argument */
	LTM_FORMAT = 3,		/* a bad input file */
	LTM_LIMIT = 4,		/* out of memory, or over a limit */
	LTM_IO = 5,		/* disk or I/O */
	LTM_NUM = 6,		/* NaN or infinity in training that rolling back did not cure */
	LTM_LOCK = 7,		/* another process holds the mind */
	LTM_STOP = 130,		/* stopped by the caller, state saved */
};

/* Zero it before the first use. msg names the file, the place, what was found and what mends
 * it; it has no control characters, so it may be shown on a terminal. */
struct ltm_error {
	int code;
	char msg[700];
};

/* Where results go. write is called from the calling thread, in order. */
struct ltm_sink {
	void (*write)(void *ctx, const char *bytes, size_t n);
	void *ctx;
};

/* How a caller looks on. Both functions may be NULL; they are called from the calling thread.
 * The strings are literals or live until the function returns. Book titles and paths in them
 * may hold any character: clean them before a terminal sees them. */
struct ltm_watch {
	/* Stage "read", 12 of 340 "books". total 0: not known. */
	void (*show)(void *ctx, const char *stage, double done, double total, const char *unit);
	void (*note)(void *ctx, const char *line);	/* a warning or remark, one line */
	void *ctx;
	const volatile int *stop;			/* may be NULL */
};

/* struct ltm_read_opts o = LTM_OPTS(struct ltm_read_opts);  all members but size are zero. */
#ifdef __cplusplus
#define LTM_OPTS(type) type{ sizeof(type) }
#else
#define LTM_OPTS(type) { .size = sizeof(type) }
#endif

/* ---- the whole way ---------------------------------------------------------------------
 * Reads a library, builds the concept graph, trains the core, evaluates it on held-out books,
 * writes report.html and seals the mind. Every stage is skipped when its inputs have not
 * changed since it was last done; so a second run on the same library does nothing. */
struct ltm_live_opts {
	size_t size;
	const char *mind;		/* the folder; made when it is not there */
	const char *const *path;	/* books and folders; none: the shipped library */
	size_t n_path;
	int threads;			/* 0: as many as there are cores */
	uint64_t seed;
	int epochs;			/* 0: the default of the training plan */
	const char *dict;		/* NULL: found by itself (ltm_dict) */
	const char *lang;		/* of summary and report: "ru" or "en"; NULL: "en" */
};
/* out gets a summary as text: books, scenes, speed, time by stage, peak memory. LTM_PART when
 * some books were left out; everything else is then done all the same. */
LTM_API int ltm_live(const struct ltm_live_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* ---- reading ---------------------------------------------------------------------------
 * Reads books into the mind's store: text, words, scenes with their registers, glyph lines.
 * A folder is walked in order of name, and files of unknown kind in it are passed over; a file
 * that is named is always read. "-" is standard input. A book that is already in the store
 * (same bytes) is passed over. The store's bytes depend on the books and their order only. */
struct ltm_read_opts {
	size_t size;
	const char *mind;
	const char *const *path;
	size_t n_path;
	int threads;
	const char *dict;
	const char *lang;		/* of the totals: "ru" or "en"; NULL: "en" */
};
/* out gets one line a book left out, with its reason, and a line of totals. */
LTM_API int ltm_read(const struct ltm_read_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* ---- scenes, glyphs, words -------------------------------------------------------------
 * The forms in which scenes are printed. */
enum ltm_form {
	LTM_YAML = 0,			/* fractal_thoughtset.yaml: nested, one document a book */
	LTM_PVQ = 1,			/* pvq.json: field, disturbance, intention, transition, … */
	LTM_GLYPHS = 2,			/* one line of glyphs a scene */
	LTM_TEXT = 3,			/* for people: number, line, and the first words */
};

struct ltm_scenes_opts {
	size_t size;
	const char *from;		/* a mind, a book file, or "-" for standard input */
	int64_t book;			/* in a mind: only this book; 0: all of them */
	enum ltm_form form;
	int with_passage;		/* YAML: the text of each scene too */
	const char *dict;
};
LTM_API int ltm_scenes(const struct ltm_scenes_opts *o, const struct ltm_sink *out,
                       const struct ltm_watch *w, struct ltm_error *e);

/* Lines of glyphs explained with the aliases of a mind: actors, field, tension, resolution.
 * Without lines: the alias table, one "ALIAS<tab>lemma" a line. */
struct ltm_glyph_opts {
	size_t size;
	const char *mind;
	const char *const *line;
	size_t n_line;
	int json;
};
LTM_API int ltm_glyph(const struct ltm_glyph_opts *o, const struct ltm_sink *out,
                      struct ltm_error *e);

/* The analysis of a text, a word a line: form, lemma, part of speech, grammar, morphemes, flags;
 * an empty line after a sentence. A table with aligned columns and a legend, unless another
 * form is asked for. */
struct ltm_words_opts {
	size_t size;
	const char *from;		/* a book file or "-"; NULL: use text */
	const char *text;		/* the text itself */
	int json;
	const char *dict;
	int tsv;			/* the same columns, tab-separated, no head and legend */
	int conllu;			/* CoNLL-U: UPOS and FEATS, no heads; morphemes in MISC */
	const char *lang;		/* of the table's head and legend: "ru" or "en" (NULL) */
};
LTM_API int ltm_words(const struct ltm_words_opts *o, const struct ltm_sink *out,
                      struct ltm_error *e);

/* All forms of a lemma, a line each: form, part of speech, grammar, number of the lexeme (печь is
 * two), "guessed" when the dictionary lacks the word. LTM_FORMAT when it is no Russian lemma. */
struct ltm_forms_opts {
	size_t size;
	const char *lemma;
	int json;
	const char *dict;
};
LTM_API int ltm_forms(const struct ltm_forms_opts *o, const struct ltm_sink *out,
                      struct ltm_error *e);

/* ---- tokenizers ------------------------------------------------------------------------
 * Trains and uses tokenizers of five schemes (docs/tokens.md). The first four are reversible to
 * the byte on any input. A tokenizer is one file. */
enum ltm_tokens_act {
	LTM_TOKENS_TRAIN = 1,	/* path, scheme, vocab, part -> file */
	LTM_TOKENS_ENCODE,	/* text, from or path -> ids to the sink, or a stream to output */
	LTM_TOKENS_DECODE,	/* text (ids in decimals) or from -> text to the sink or to output */
	LTM_TOKENS_EXPORT,	/* -> output: Hugging Face tokenizer.json */
	LTM_TOKENS_SHOW,	/* what is in it; with text, from or path also how it fits them */
};
struct ltm_tokens_opts {
	size_t size;
	enum ltm_tokens_act act;
	const char *file;		/* the tokenizer: written by TRAIN, read by the others */
	const char *const *path;	/* books and folders, read as ltm_read reads them */
	size_t n_path;
	const char *text;		/* the text itself, or ids */
	const char *from;		/* a file whose bytes are taken as they are; "-": standard input */
	int raw;			/* path: plain text, its bytes taken as they are */
	const char *scheme;		/* "byte", "morph", "hyper", "fold", "lemma"; NULL: "byte" */
	int vocab;			/* 0: 32768 */
	const char *part;		/* "train" (NULL), "dev", "test" by data/ru/split.tsv, or "all" */
	const char *output;		/* ENCODE: a binary stream of ids; DECODE: exact bytes */
	int json;
	int pieces;			/* ENCODE: an id and its piece a line */
	const char *dict;
};
/* Files are written whole or not at all. LTM_PART when some books were left out. */
LTM_API int ltm_tokens(const struct ltm_tokens_opts *o, const struct ltm_sink *out,
                       const struct ltm_watch *w, struct ltm_error *e);

/* The hyperlexemes of a library: chains of lemmas, or of words as they stand, that are
 * frequent, sticky and save positions; best first. Columns: the chain, how often it is applied,
 * stickiness (normalised PMI), positions saved per 1,000 words, kind (lexical: holds a content
 * word; grammatical), its commonest spelling. LTM_PART when some books could not be read. */
struct ltm_chains_opts {
	size_t size;
	const char *const *path;	/* books and folders */
	size_t n_path;
	int surface;			/* words as they stand, in lower case; else lemmas */
	int limit;			/* rows told; 0: 100 */
	int json;
	const char *dict;
	const char *lang;		/* of the table: "ru" or "en" (NULL) */
};
LTM_API int ltm_chains(const struct ltm_chains_opts *o, const struct ltm_sink *out,
                       const struct ltm_watch *w, struct ltm_error *e);

/* ---- token models ------------------------------------------------------------------------
 * A trained teller goes on from a prompt. `model` is its folder (model.safetensors and
 * tokenizer.ltmt), or a file of weights alone: then only ids go in and come out.
 *
 * The text is drawn token by token: repetition penalty, temperature, top-k, top-p. The same model,
 * prompt, options and seed give the same text, with any number of threads. Weights are float32, with
 * int8 ones running ahead to save time, which changes no token; or int8 alone. */
struct ltm_tell_opts {
	size_t size;
	const char *model;
	const char *prompt;		/* NULL, with from and ids NULL too: a line end */
	const char *from;		/* a file whose bytes, less a line end at their end, are the
					 * prompt; "-": standard input */
	const char *ids;		/* the prompt as ids in decimals; overrides both */
	int length;			/* tokens at most; 0: 200 */
	double temperature;		/* 0: 0.8 */
	int greedy;			/* always the likeliest token; temperature, top-k, top-p are not used */
	int top_k;			/* 0: 40; -1: all */
	double top_p;			/* 0: 0.95; 1: all */
	double penalty;			/* of tokens among the last `last`; 0 or 1: none */
	int last;			/* 0: 64 */
	uint64_t seed;
	int int8;			/* int8 weights alone: faster, and not the same tokens */
	int no_draft;			/* float32 step by step */
	int json;			/* ids and text at the end, instead of the text as it comes */
	int stats;			/* tokens a second, as a note to the watch */
	int threads;
	const char *dict;
};
/* out gets the prompt and what follows as it comes, never half a character; then a line end. */
LTM_API int ltm_tell(const struct ltm_tell_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* Writes a teller as a GGUF file, which llama.cpp runs: the same ids follow the same ids
 * (docs/teller.md says what its tokenizer can and cannot do). Whole or not at all. */
struct ltm_export_opts {
	size_t size;
	const char *model;
	const char *gguf;		/* the file to write */
	const char *type;		/* "f32" (NULL) or "f16" */
	const char *name;		/* in the file; NULL: the folder's name */
	const char *dict;
};
/* out gets one line about the file. */
LTM_API int ltm_export(const struct ltm_export_opts *o, const struct ltm_sink *out,
                       struct ltm_error *e);

/* ---- looking into a mind --------------------------------------------------------------- */

/* The books of a mind: number, part (train, dev, test), author, title, scenes, characters. */
struct ltm_books_opts {
	size_t size;
	const char *mind;
	int json;
};
LTM_API int ltm_books(const struct ltm_books_opts *o, const struct ltm_sink *out,
                      struct ltm_error *e);

/* Scenes that hold all the words (any form of them), best first; or whose line of glyphs
 * matches a pattern ("U*?_?#L→U"), in order of reading; or both. */
struct ltm_search_opts {
	size_t size;
	const char *mind;
	const char *words;		/* NULL or "": any */
	const char *glyph;		/* NULL: any */
	int limit;			/* 0: 10 */
	int json;
	const char *dict;
};
/* Finding nothing is LTM_OK. */
LTM_API int ltm_search(const struct ltm_search_opts *o, const struct ltm_sink *out,
                       struct ltm_error *e);

/* Any file of ours, or a mind's folder, as text: store, concept graph, dictionary, weights
 * (safetensors, GGUF), tokenizers, streams of ids, scene files (YAML, JSON). The kind is told by
 * the bytes. */
struct ltm_show_opts {
	size_t size;
	const char *path;
	int limit;			/* rows of long tables; 0: 40 */
};
LTM_API int ltm_show(const struct ltm_show_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* Every byte of a mind: sizes and hashes of the manifest, the store's integrity. LTM_FORMAT
 * names the first thing that is wrong and what mends it. */
struct ltm_check_opts {
	size_t size;
	const char *mind;
};
LTM_API int ltm_check(const struct ltm_check_opts *o, const struct ltm_sink *out,
                      const struct ltm_watch *w, struct ltm_error *e);

/* ---- learning and thinking ------------------------------------------------------------- */

/* Trains the core on the mind's training books. Checkpoints are kept; a stopped training goes
 * on with `resume` to the same bits as one that was never stopped. */
struct ltm_train_opts {
	size_t size;
	const char *mind;
	int threads;
	uint64_t seed;
	int epochs;			/* 0: the default of the plan */
	int resume;
	long stop_after;		/* stop after so many steps with LTM_STOP; 0: never */
};
LTM_API int ltm_train(const struct ltm_train_opts *o, const struct ltm_sink *out,
                      const struct ltm_watch *w, struct ltm_error *e);

/* Trains a token model from books: a LLaMA-shaped decoder over a tokenizer, which is trained first
 * unless one is given. Books are split by data/ru/split.tsv; the model learns from the training
 * books alone and is scored on the others, in bits a character. Writes dir/model.safetensors,
 * tokenizer.ltmt, card.md, curve.tsv, train.log; while it runs, the last two checkpoints. */
struct ltm_train_token_opts {
	size_t size;
	const char *dir;
	const char *const *path;	/* books and folders, or one mind; none: the shipped library */
	size_t n_path;
	const char *tokenizer;		/* a file; NULL: trained, by scheme and vocab */
	const char *scheme;		/* "byte" (NULL), "morph", "hyper", "fold" */
	int vocab;			/* 0: 8192 */
	int layers, width, heads, hidden;	/* 0: 6, 256, width / 32, 8/3 of the width */
	int context, batch;		/* tokens of a sequence, 0: 256; sequences of a batch, 0: 16 */
	int lanes;			/* part of the run: 0: 4; batch is a multiple of it */
	double dropout, decay;		/* decay 0: 0.1 */
	double rate;			/* learning rate; 0: 0.005, by AdamW 0.002 */
	double warmup;			/* steps; 0: a fiftieth, at most 100 */
	const char *schedule;		/* "cool" (NULL): constant, then down to 0 over the last 40 % of steps;
					 * "cosine"; "constant", with the weights of the second half averaged */
	const char *precision;		/* "auto" (NULL), "bf16", "float32" */
	uint64_t steps;			/* how long: steps, else epochs, else minutes; none: 1 epoch */
	double epochs, minutes;
	uint64_t seed;
	int resume;			/* go on from the last checkpoint of the same run */
	long stop_after;		/* stop after so many steps with LTM_STOP; 0: never */
	int threads;
	const char *dict;
	int window;			/* of attention, tokens; 0: the whole sequence; with scenes 256 */
	int scenes;			/* the teller reads past scenes: path is one mind; context 0: 4096, batch 0: 2, lanes 0: 2 */
	int registers;			/* pooled vectors kept of a scene */
	double words;			/* share of tokens, the rarest, kept of a scene and read; 0: none */
	int read_at;			/* layers below the reading of scenes; 0: half of them */
	int no_echo;			/* ended scenes are not remembered word for word */
	const char *optimizer;		/* "muon" (NULL), "adamw" */
};
/* out gets a summary: size, speed, bits a character on dev and test books. */
LTM_API int ltm_train_token(const struct ltm_train_token_opts *o, const struct ltm_sink *out,
                            const struct ltm_watch *w, struct ltm_error *e);

/* Token, latent, concept and fractal decoders of one size and one budget on the same text, LTM's network of scenes
 * beside the LCM rivals, recall, next6, order4 (docs/compare.md). DIR keeps what was trained: a second call goes on
 * where one was stopped. */
struct ltm_compare_opts {
	size_t size;
	const char *const *path;	/* books and folders, or one mind; none: the shipped library */
	size_t n_path;
	const char *dir;
	int quick;			/* a smaller model and budget, at most 20 MB of books */
	double tokens;			/* millions the token model learns from; 0: 3 with bf16, else 0.4; quick 0.2 */
	int seeds;			/* 0: 1 */
	const char *formats;		/* "token,latent,concept,fractal,long" (NULL: all but long); token and fractal always are */
	int layers, width, vocab;	/* 0: 6, 256, 8192; quick 2, 128, 4096 */
	int json;
	int threads;
	uint64_t seed;
	const char *dict;
	const char *likelihood;		/* a folder of ltm_train of tokens, with the same tokenizer: its likelihood is
					 * asked in next6 and order4; NULL: that of the comparison's own token model */
	const char *optimizer;		/* of the decoders: "muon" (NULL), "adamw" */
};
LTM_API int ltm_compare(const struct ltm_compare_opts *o, const struct ltm_sink *out, const struct ltm_watch *w,
                        struct ltm_error *e);

/* Measures the mind on held-out books against floors and rivals. */
struct ltm_eval_opts {
	size_t size;
	const char *mind;
	const char *books;		/* a folder of other books; NULL: the mind's own held-out ones */
	const char *tasks;		/* "next6,order4"; NULL: all */
	int json;
	int max_items;			/* targets a book; 0: the default of the task */
	int threads;
	uint64_t seed;
};
LTM_API int ltm_eval(const struct ltm_eval_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* Proposes the scenes that may follow a situation, criticises them, chooses or declines. */
struct ltm_think_opts {
	size_t size;
	const char *mind;
	const char *situation;
	const char *intention;		/* NULL: inferred */
	int n;				/* proposals shown; 0: 3 */
	int json;
	uint64_t seed;
	const char *dict;
	const char *lang;		/* of the text: "ru" or "en"; NULL: "en" */
};
LTM_API int ltm_think(const struct ltm_think_opts *o, const struct ltm_sink *out,
                      const struct ltm_watch *w, struct ltm_error *e);

/* Writes the report page of a mind: one file, no network. */
struct ltm_report_opts {
	size_t size;
	const char *mind;
	const char *file;		/* NULL: MIND/report.html */
	const char *lang;		/* "ru" or "en"; NULL: "en" */
	uint64_t seed;
};
LTM_API int ltm_report(const struct ltm_report_opts *o, const struct ltm_sink *out,
                       const struct ltm_watch *w, struct ltm_error *e);

/* ---- the account of compression ---------------------------------------------------------
 * Counts what each stage from letters to scenes saves and what it loses (docs/ledger.md):
 * positions per 1,000 characters, vocabulary, bits a character, words that cannot be recovered,
 * factors against other tokenizers, and a verdict on every claim. `from` is a mind (its ledger is
 * kept in it), or books and folders. Tokenizers learn from the training books and are counted on
 * the test books. The same books give the same ledger. */
struct ltm_ledger_opts {
	size_t size;
	const char *const *path;	/* one mind, or books and folders; none: the shipped library */
	size_t n_path;
	const char *file;		/* the ledger as JSON is written there too; NULL: not */
	const char *keep;		/* a folder where trained tokenizers are kept; NULL: not (a mind keeps
					 * them itself) */
	int vocab;			/* of the tokenizers; 0: 32768 */
	int json;
	int threads;
	const char *dict;
	const char *lang;		/* "ru" or "en"; NULL: "en" */
};
LTM_API int ltm_ledger(const struct ltm_ledger_opts *o, const struct ltm_sink *out,
                       const struct ltm_watch *w, struct ltm_error *e);

/* What a library of so many books costs and can teach, computed from a ledger and from speeds of
 * this machine (docs/plan.md). Speeds that are not given are measured, in a few seconds. */
struct ltm_plan_opts {
	size_t size;
	const char *from;		/* a mind or a ledger's file; NULL: the shipped table */
	double books;
	double chars;			/* in a book; 0: the ledger's mean */
	double total_chars;		/* 0: books times chars */
	const char *model;		/* "tiny", "small", "base", "large", "fill"; NULL: "fill" */
	int cores;			/* of the machine planned for; 0: this one's */
	int context;			/* of the token model; 0: 1024 */
	int epochs;			/* 0: 4 */
	double gflops;			/* a core, float32; 0: measured */
	double read_speed;		/* characters a second; 0: measured */
	double write_speed;		/* MB a second; 0: measured */
	int quick;			/* measure nothing: the shipped table's speeds */
	int json;
	int threads;			/* cores that are measured; 0: all */
	const char *dict;
	const char *lang;		/* "ru" or "en"; NULL: "en" */
};
LTM_API int ltm_plan(const struct ltm_plan_opts *o, const struct ltm_sink *out,
                     const struct ltm_watch *w, struct ltm_error *e);

/* ---- set-up ----------------------------------------------------------------------------
 * Turns the dictionary files of the npm package az (its folder `dicts`) into our one file.
 * A dictionary is looked for, in order: the option, $LTM_DICT, beside the program, PREFIX. */
struct ltm_dict_opts {
	size_t size;
	const char *az_dicts;
	const char *file;
};
LTM_API int ltm_dict(const struct ltm_dict_opts *o, const struct ltm_sink *out,
                     struct ltm_error *e);

#ifdef __cplusplus
}
#endif
#endif
