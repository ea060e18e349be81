/* corefile.h - a trained core, its ranker and its checkpoints as files of a mind.
 *
 *   core.safetensors   weights, standardisation, vocabulary, document frequencies; metadata
 *                      says the version, the configuration, and what it was trained on
 *   ranker.ltm         the boosted trees of the shallow ranker, three models
 *   core.1.ckpt, core.2.ckpt   weights, moments, average, position: written in turn
 *
 * Everything read is distrusted: names, shapes, counts and metadata are checked against what
 * this program would write.
 */
#ifndef LTM_IO_COREFILE_H
#define LTM_IO_COREFILE_H

#include "base/base.h"
#include "model/model.h"

/* data: hash of what it is trained on (books, graph, configuration). */
enum status corefile_save(const char *path, const struct core *c, const struct lexis *x,
                          uint64_t data, struct err *e);
/* Fills c and x (x->graph is left to the caller). On failure both are cleared. */
enum status corefile_load(const char *path, struct core *c, struct lexis *x, struct err *e);

enum status rankerfile_save(const char *path, const struct ranker *r, struct err *e);
enum status rankerfile_load(const char *path, struct ranker *r, struct err *e);

enum status ckptfile_save(const char *path, const struct core *c, const struct train_state *st,
                          uint64_t data, struct err *e);
/* Into a core that core_init made with the same configuration. ERR_FORMAT when it is of other
 * data or damaged. */
enum status ckptfile_load(const char *path, struct core *c, struct train_state *st, uint64_t data,
                          struct err *e);

#endif
