/* fuzz_yaml.c - libFuzzer target: scene files in YAML from any bytes.
 *
 * Beyond not crashing: a book that is read is written, and reads again to a book that is
 * written the same; a refusal has a message.
 */
#include "io/scenes/scenefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status write(void *ctx, struct book_doc *d, struct err *e)
{
	(void)e;
	scenefile_yaml_write(ctx, d);
	return OK;
}

static enum status again(void *ctx, struct book_doc *d, struct err *e)
{
	struct buf first = { 0 }, second = { 0 };

	(void)ctx;
	scenefile_yaml_write(&first, d);
	must(!scenefile_yaml_read(buf_view(&first), write, &second, NULL, e));
	must(str_eq(buf_view(&first), buf_view(&second)));
	buf_free(&first);
	buf_free(&second);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct buf warn = { 0 };
	struct err e = { 0 };

	if (scenefile_yaml_read(s, again, NULL, &warn, &e))
		must(e.msg[0] && e.code);
	buf_free(&warn);
	return 0;
}
