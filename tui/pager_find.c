/* Finding in a pager: text, and lines of a role (errors). */
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

static bool is_role(const struct pager *p, size_t line, enum role role)
{
	return (p->lines[line].look & 0xff) == (unsigned)role;
}

/* Lines of one role in a row are one thing: a traceback of 30 lines is one error. */
static bool begins_role(const struct pager *p, size_t line, enum role role)
{
	return is_role(p, line, role) && (line == 0 || !is_role(p, line - 1, role));
}

bool pager_find_role(struct pager *p, enum role role, bool back, bool here)
{
	for (size_t i = p->at; i < p->n; i = back ? i - 1 : i + 1) {
		if (begins_role(p, i, role) && (here || i != p->at)) {
			pager_goto(p, i);
			return true;
		}
		if (back && i == 0)
			return false;
	}
	return false;
}

size_t pager_count_role(const struct pager *p, enum role role, size_t *nth)
{
	size_t n = 0;
	*nth = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (begins_role(p, i, role))
			n++;
		if (i == p->at && is_role(p, i, role))
			*nth = n;
	}
	return n;
}
