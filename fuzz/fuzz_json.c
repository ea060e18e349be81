/* fuzz_json.c - libFuzzer target: pvq files and plain JSON from any bytes.
 *
 * Beyond not crashing: what is read is written, and reads again to the same bytes; a
 * refusal has a message.
 */
#include "io/scenes/json.h"
#include "io/scenes/scenefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status write(void *ctx, struct book_doc *d, struct err *e)
{
	(void)e;
	scenefile_pvq_write(ctx, d, true, true);
	return OK;
}

static enum status again(void *ctx, struct book_doc *d, struct err *e)
{
	struct buf first = { 0 }, second = { 0 };

	(void)ctx;
	scenefile_pvq_write(&first, d, true, true);
	must(!scenefile_pvq_read(buf_view(&first), write, &second, NULL, e));
	must(str_eq(buf_view(&first), buf_view(&second)));
	buf_free(&first);
	buf_free(&second);
	return OK;
}

static void plain(struct str s)
{
	struct arena a = arena_open("fuzz");
	struct buf first = { 0 }, second = { 0 };
	struct tree *v;

	if (!json_read(&v, s, &a, NULL)) {
		json_write(&first, v);
		must(!json_read(&v, buf_view(&first), &a, NULL));
		json_write(&second, v);
		must(str_eq(buf_view(&first), buf_view(&second)));
	}
	buf_free(&first);
	buf_free(&second);
	arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct buf warn = { 0 };
	struct err e = { 0 };

	plain(s);
	if (scenefile_pvq_read(s, again, NULL, &warn, &e))
		must(e.msg[0] && e.code);
	buf_free(&warn);
	return 0;
}
