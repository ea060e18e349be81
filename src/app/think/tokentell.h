/* tokentell.h - tokenizers and streams of ids as text for people and programs. */
#ifndef LTM_APP_TOKENTELL_H
#define LTM_APP_TOKENTELL_H

#include "app/app.h"
#include "io/tokenfile.h"

/* Scheme, vocabulary, lengths of pieces; the first and the longest ones, `limit` of each. */
void tokens_tell(struct buf *b, const struct tokenizer *t, size_t limit);
/* How it fits texts: characters a token, vocabulary in use, the commonest pieces. */
void tokens_tell_fit(struct buf *b, const struct tokenizer *t, const struct str *text, size_t n,
                     size_t limit);
void idstream_tell(struct buf *b, const struct idstream *s, size_t limit);
/* A piece on one line: control characters and broken runes are told as \xNN, a space as it is. */
void put_piece(struct buf *b, struct str piece);
/* Ids as "1 2 3\n", as "id<tab>piece" lines, or as JSON. */
void put_ids(struct buf *b, const struct tokenizer *t, const struct ids *ids, bool pieces, bool json);

#endif
