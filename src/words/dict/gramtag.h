/* gramtag.h - OpenCorpora's grammar tags as struct gram, and the packed form in our file. */
#ifndef LTM_WORDS_GRAMTAG_H
#define LTM_WORDS_GRAMTAG_H

#include "words/words.h"

/* What the tag says beside struct gram. Bits are stored in words.dict: never reused. */
enum tag_mark {
	TAG_RARE = 1,		/* archaic, mistaken, informal, distorted: less likely */
	TAG_CLOSED = 2,		/* of a closed class: no new words are made so */
	TAG_ABBR = 4,
	TAG_ALT = 8,		/* a second form of the same cell: -ою, -ею, -ье */
	TAG_FIXED = 16,		/* does not decline */
	TAG_COMP = 32,		/* comparative */
	TAG_INITIAL = 64,
	TAG_BE = 128,		/* the spelling -ье for -ие: счастье */
};
struct tag {
	struct gram g;
	uint8_t pos, mark;
};
/* "NOUN,anim,masc sing,nomn" -> tag. Unknown grammemes are passed over. */
struct tag tag_parse(struct str s);
uint32_t gram_pack(struct gram g);	/* fields in the order of struct gram, low bits first */
struct gram gram_unpack(uint32_t v);

#endif
