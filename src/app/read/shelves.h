/* shelves.h - the scenes of one split of a store, as shelves for training and evaluation. */
#ifndef LTM_APP_SHELVES_H
#define LTM_APP_SHELVES_H

#include "app/app.h"
#include "model/model.h"

enum { SHELF_SCENES = 40, SHELVES_SCENES_MAX = 300000 };

/* Opened strips in one arena. A book of SHELF_SCENES scenes and more is a shelf; when the whole
 * store has no such book, short books of one folder and split are joined, in order, into
 * shelves (joined says so). At most SHELVES_SCENES_MAX scenes: larger libraries give every
 * k-th book, a rule that depends on the books only. */
struct shelves {
	struct shelf_set set;
	struct str *title;		/* [set.n] */
	bool joined;
	uint64_t hash;			/* of what is in it */
	struct arena mem;
};
enum status shelves_open(struct shelves *out, struct store *s, int split, struct err *e);
enum { SPLIT_ANY = -1 };
/* Reads the books of a folder into a store that is removed afterwards: all of them are held out. */
enum status shelves_of_folder(struct shelves *out, const char *folder, int threads, const char *dict,
                              const struct watch *w, struct err *e);
void shelves_close(struct shelves *s);

#endif
