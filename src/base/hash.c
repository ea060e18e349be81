/* hash.c - XXH3, the one hash of this house (files, strings, named streams). */
#include <xxhash.h>

#include "base/base.h"

uint64_t hash64(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

void *hash_begin(void)
{
	XXH3_state_t *h = XXH3_createState();

	must(h);
	XXH3_64bits_reset(h);
	return h;
}

void hash_more(void *h, const void *p, size_t n)
{
	XXH3_64bits_update(h, p, n);
}

uint64_t hash_end(void *h)
{
	uint64_t v = XXH3_64bits_digest(h);

	XXH3_freeState(h);
	return v;
}
