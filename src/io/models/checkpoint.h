/* checkpoint.h - the state of a training on disk: weights, moments, averages, and where it stands.
 *
 *   PATH.1.ckpt, PATH.2.ckpt   safetensors, written in turn: the last two stay
 *     tensors    NAME, adamw.m.NAME, adamw.v.NAME and, once averaging has begun, average.NAME
 *     metadata   format "ltm-checkpoint", kind, identity, config, step, rate, loss's running mean, …
 *                content: XXH3 of all tensors, so that one flipped byte is found
 *
 * Random streams are functions of (seed, name, step) and the position in the data is the step
 * (order/windows.h), so a resumed run equals an uninterrupted one to the bit.
 */
#ifndef LTM_IO_CHECKPOINT_H
#define LTM_IO_CHECKPOINT_H

#include "model/learn.h"

struct checkpoint {
	const char *kind;		/* "teller" */
	uint64_t identity;		/* hash of configuration, tokenizer and data */
	struct str config;		/* for people and for messages: one line of JSON */
	uint64_t steps;			/* planned: a plan by minutes is fixed once */
	double seconds;			/* trained so far */
};
/* Writes the next of the two files: whole or not at all. */
enum status checkpoint_save(const char *path, const struct checkpoint *c, const struct params *p,
                            const struct learn_state *s, struct err *e);
/* The newest of the two that is whole and of this kind and identity, into p, *s, c->steps and c->seconds;
 * false when there is none. One that is damaged or of another run is passed over with a
 * note. When none fits, p and *s are as they were. */
bool checkpoint_load(const char *path, struct checkpoint *c, struct params *p, struct learn_state *s,
                     const struct watch *w);
/* The same of one file. ERR_FORMAT names what is wrong, also when it is of another run. */
enum status checkpoint_read(const char *file, struct checkpoint *c, struct params *p, struct learn_state *s,
                            struct err *e);
/* Is one of the two there, whatever it holds? */
bool checkpoint_there(const char *path);
/* Removes both. */
void checkpoint_drop(const char *path);

#endif
