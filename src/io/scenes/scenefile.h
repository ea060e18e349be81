/* scenefile.h - scenes as files: fractal_thoughtset.yaml and pvq.json, written and read.
 *
 *   fractal_thoughtset.yaml   book → chapter → scene → sentence, nested, with offsets into the
 *                             text; one YAML document a book
 *   pvq.json                  field → disturbance → intention → transition → resolution a scene
 *
 * One table of fields (docs/formats.md) both writes and reads, so the two agree. The YAML
 * reader also takes a thoughtset story file (title, segment, story_id, aliases, scenes with
 * text), a bare list of scenes with book and span (gold passages), and a single scene.
 * A scene without a `confidence` mapping was written by a person: what it states has
 * confidence 1.
 */
#ifndef LTM_IO_SCENEFILE_H
#define LTM_IO_SCENEFILE_H

#include "base/base.h"
#include "scenes/scenes.h"
#include "glyphs/glyphs.h"

struct scene_doc {
	struct str id;			/* "S001" */
	struct str passage;		/* the scene's text; empty when only offsets are kept */
	struct str glyph;
	struct scene scene;
	struct str chapter;		/* title */
	uint32_t chapter_index;
	struct sent *sent;		/* offsets into the book's text; NULL in story files */
	uint32_t n_sent;
	struct str book;		/* file the span points into; empty: the book's own text */
	uint64_t span[2];		/* with book: code points [from, to); else see scene.off */
	uint64_t *cause;		/* earlier scenes it follows from (older files), or NULL */
	uint32_t n_cause;
};
enum {
	SCENEFILE_VERSION = 1,	/* a newer file is refused with the version it needs */
	SCENEFILE_SCENES = 50000,	/* of one book: ten times the longest novel */
};
struct book_doc {
	struct str title, author, segment, story_id;
	struct scene_doc *scene;
	size_t n_scene;
	struct { struct str alias, lemma; } *alias;
	size_t n_alias;
};
/* Writers append one whole book to out (UTF-8, Cyrillic unescaped). */
void scenefile_yaml_write(struct buf *out, const struct book_doc *d);
void scenefile_pvq_write(struct buf *out, const struct book_doc *d, bool first, bool last);
/* Readers: errors name line and key; unknown keys are warned through warn (may be NULL) and
 * skipped; depth, duplicate keys, aliases (anchors) over limits, bad codes are refused.
 * each is called for every book; its strings live until it returns. */
enum status scenefile_yaml_read(struct str bytes,
                                enum status (*each)(void *ctx, struct book_doc *d, struct err *e),
                                void *ctx, struct buf *warn, struct err *e);
enum status scenefile_pvq_read(struct str bytes,
                               enum status (*each)(void *ctx, struct book_doc *d, struct err *e),
                               void *ctx, struct buf *warn, struct err *e);

#endif
