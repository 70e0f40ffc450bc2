/* Finding text in a pager. */
#include "tui/pager.h"

#include <string.h>

static bool holds(
	const struct pager *p, size_t line, const char *folded, struct str *scratch)
{
	str_clear(scratch);
	utf8_fold(scratch, p->lines[line].text);
	return strstr(scratch->buf, folded) != NULL;
}

bool pager_find(struct pager *p, const char *text, bool back, bool here)
{
	struct str want = STR_INIT, line = STR_INIT;
	bool found = false;
	(void)str_copy(p->search, sizeof(p->search), text);
	utf8_fold(&want, text);
	for (size_t step = here ? 0 : 1; want.len && step <= p->n && !found; step++) {
		size_t i = back ? (p->at + p->n - step % p->n) % p->n
				: (p->at + step) % p->n;
		found = holds(p, i, want.buf, &line);
		if (found)
			pager_goto(p, i);
	}
	str_release(&want);
	str_release(&line);
	return found;
}
