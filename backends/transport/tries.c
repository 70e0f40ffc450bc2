/* Which address of a host comes next, and what came of those before. */
#include "backends/transport/tries.h"

#include <string.h>

#include "backends/base/str.h"

void tries_begin(struct tries *t, const struct resolved *to, int64_t until)
{
	t->to = *to;
	t->next = 0;
	t->until = until;
	t->said[0] = '\0';
}

const char *tries_next(struct tries *t, int64_t *within_ms)
{
	int64_t left = t->until - clock_mono_ms();

	if (!tries_left(t))
		return NULL;
	*within_ms = left > 0 ? left / (int64_t)(t->to.n - t->next) : 0;
	return t->to.address[t->next++];
}

void tries_failed(struct tries *t, const char *words)
{
	size_t used = strlen(t->said);

	str_format(t->said + used, sizeof(t->said) - used, "%s%s: %s", used ? "; " : "",
		t->to.address[t->next - 1], words);
}

bool tries_left(const struct tries *t)
{
	return t->next < t->to.n;
}

void tries_explain(const struct tries *t, struct err *e)
{
	size_t used = strlen(e->msg);

	if (t->said[0])
		str_format(e->msg + used, sizeof(e->msg) - used,
			" (at %s; before that %s)", t->to.address[t->next - 1], t->said);
}
