/* replay.c - runs a fuzz target over files, without libFuzzer: its corpus as a test.
 *
 *   use   TARGET FILE...        prints how many files were taken
 */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	int taken = 0;

	for (int i = 1; i < argc; i++) {
		struct buf b = { 0 };
		struct err e = { 0 };

		if (file_read(&b, argv[i], 64 << 20, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)(b.p ? b.p : ""), b.n);
		buf_free(&b);
		taken++;
	}
	printf("%d files\n", taken);
	return taken == 0;
}
