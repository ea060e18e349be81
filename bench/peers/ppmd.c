/* ppmd.c - what libarchive's PPMd (its 7-zip writer) and xz make of a file, beside the ledger's
 * own coder: a peer for docs/ledger.md, built by coder.sh only where libarchive is installed.
 *
 *   in    a file
 *   out   bytes of the 7z archive by PPMd -9, of LZMA2 -9, and seconds
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t packed;

static la_ssize_t count(struct archive *a, void *ctx, const void *p, size_t n)
{
	(void)a, (void)ctx, (void)p;
	packed += n;
	return (la_ssize_t)n;
}

static void pack(const char *how, const char *bytes, size_t n)
{
	struct archive *a = archive_write_new();
	struct archive_entry *x = archive_entry_new();
	clock_t t = clock();

	packed = 0;
	archive_write_set_format_7zip(a);
	archive_write_set_format_option(a, "7zip", "compression", how);
	archive_write_set_format_option(a, "7zip", "compression-level", "9");
	archive_write_open2(a, NULL, NULL, count, NULL, NULL);
	archive_entry_set_pathname(x, "x");
	archive_entry_set_size(x, (la_int64_t)n);
	archive_entry_set_filetype(x, AE_IFREG);
	archive_write_header(a, x);
	archive_write_data(a, bytes, n);
	archive_write_close(a);
	printf("%s\t%zu\t%.1f s\n", how, packed, (double)(clock() - t) / CLOCKS_PER_SEC);
	archive_entry_free(x);
	archive_write_free(a);
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
	char *bytes = NULL;
	size_t n = 0;

	if (!f || fseek(f, 0, SEEK_END) || !(bytes = malloc(n = (size_t)ftell(f))))
		return 2;
	rewind(f);
	if (fread(bytes, 1, n, f) != n)
		return 5;
	pack("PPMD", bytes, n);
	pack("LZMA2", bytes, n);
	return 0;
}
