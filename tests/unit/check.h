/* check.h - what a unit test needs: cmocka, and checks that read like sentences. */
#ifndef LTM_CHECK_H
#define LTM_CHECK_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/base.h"
#define CHECK(x) assert_true(x)
#define CHECK_EQ(a, b) assert_int_equal((long long)(a), (long long)(b))
#define CHECK_NEAR(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))
#define CHECK_STR(s, lit) do { struct str s_ = (s); const char *l_ = (lit); \
	if (s_.n != strlen(l_) || memcmp(s_.p, l_, s_.n)) { \
		print_error("got '%.*s', expected '%s'\n", (int)s_.n, s_.p, l_); assert_true(0); } } while (0)
/* The folder of shared development data, or NULL: then the test calls skip_shared(). */
static inline const char *shared_dir(void)
{
	const char *d = getenv("LTM_SHARED");
	if (!d) d = "../shared";
	char probe[4096];
	snprintf(probe, sizeof probe, "%s/data/README.md", d);
	return file_exists(probe) ? d : NULL;
}
#define skip_shared() do { print_message("SKIP: needs the shared development data (LTM_SHARED)\n"); skip(); } while (0)
#endif
