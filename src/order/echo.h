/* echo.h - what a book's ended scenes say about its next token: how often it came after these words before.
 *
 *   in    tokens of a text, where its scenes begin
 *   out   for every token, for each order k = 1 .. ECHO_ORDERS: how many of the last ECHO_MOST places in ended
 *         scenes had the k tokens before it, how many of these went on with the very token, and how many with
 *         their commonest one
 *
 * The match model of context-mixing compressors [Mahoney 2005] and the cache of language models [Grave 2016], kept to
 * scenes that have ended: the memory of scenes word for word. Whom to believe is learned (model/joint.h).
 *
 * Memory to memory; any thread.
 */
#ifndef LTM_ORDER_ECHO_H
#define LTM_ORDER_ECHO_H

#include "base/base.h"

enum { ECHO_ORDERS = 6, ECHO_MOST = 32 };
struct echo {
	uint8_t n[ECHO_ORDERS], hit[ECHO_ORDERS], top[ECHO_ORDERS];
};
/* out [n]. begins[i] & mask: a scene begins at token i. past [n_past]: whose scenes are remembered: id itself, or
 * another text, which is then remembered as far as the text at hand has come (the control). */
void echo_text(struct echo *out, const uint32_t *id, size_t n, const uint8_t *begins, uint8_t mask, const uint32_t *past,
               size_t n_past);

#endif
