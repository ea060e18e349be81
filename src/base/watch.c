/* watch.c - how the library tells its caller of progress and hears that it should stop. */
#include "base/base.h"

void watch_step(const struct watch *w, const char *stage, double done, double total,
                const char *unit)
{
	if (w && w->show)
		w->show(w->ctx, stage, done, total, unit);
}

void watch_note(const struct watch *w, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!w || !w->note)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	w->note(w->ctx, line);
}

bool watch_stopped(const struct watch *w)
{
	return w && w->stop && *w->stop;
}
