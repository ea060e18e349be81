/* idcode.h - one adaptive coder for every stream of numbers: how many bits does it hold?
 *
 * Streams of letters, tokens, lemmas and glyphs have vocabularies from a few dozen to a million.
 * A byte compressor fed with ids as two or three bytes punishes some of them (its contexts cut
 * through ids, and their length in symbols changes with the width). This coder predicts ids:
 * contexts are the last 0, 1, 2, 3, 4 and 6 ids and the last but one, whatever an id stands for.
 *
 * Context mixing [Mahoney 2005, adaptive weighing of context models]: an id becomes a path of
 * binary choices, each context keeps adaptive probabilities of the choices, a small online
 * network mixes them, an arithmetic coder writes them down. Nothing is known beforehand and
 * nothing is sent beside the stream: an id is named by the order in which it first came, a new
 * one by "new". What a new id means is the vocabulary, which is coded apart (idcode_fresh).
 *
 * Integers only: the same bytes on every machine. A call has its own memory: any thread.
 */
#ifndef LTM_ORDER_IDCODE_H
#define LTM_ORDER_IDCODE_H

#include "base/base.h"

/* Appends the coded stream; every id is below symbols. A stopped watch breaks it off with
 * ERR_STOP (bytes so far stay). w is told nothing else. */
enum status idcode_pack(struct buf *out, const uint32_t *id, size_t n, uint32_t symbols,
                        const struct watch *w, struct err *e);
/* The ids in order of their first coming, [*n_fresh], in a. */
uint32_t *idcode_fresh(size_t *n_fresh, const uint32_t *id, size_t n, uint32_t symbols,
                       struct arena *a);
/* The exact inverse: fills id [n] from bytes and the list of fresh ids. ERR_FORMAT when they
 * name an id that has not come yet, or more fresh ids than there are. */
enum status idcode_unpack(uint32_t *id, size_t n, struct str bytes, const uint32_t *fresh,
                          size_t n_fresh, struct err *e);

#endif
