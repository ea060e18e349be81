/* tagweights.h - the form of data/ru/words_tagger.bin (inner header of words). */
#ifndef LTM_WORDS_TAGWEIGHTS_H
#define LTM_WORDS_TAGWEIGHTS_H

enum {
	TAGGER_MAGIC = 0x544D544C,	/* "LTMT" */
	TAGGER_VERSION = 2,
	TAGGER_HEADER = 64,
};

#endif
