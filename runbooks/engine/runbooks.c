/* The catalogue of runbooks: the user's folder first, then the shipped one; a broken file
 * hides no other. */
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "runbooks/engine/runbook_def.h"

struct runbooks {
	const struct runbooks *before; /* while it is loaded */
	struct runbook **items;
	size_t n, cap;
	struct err *errors;
	size_t n_errors, errors_cap;
};

/* Another owner of the runbook that this file was before; NULL: it was none. */
static struct runbook *last_good(const struct runbooks *before, const char *path)
{
	for (size_t i = 0; before && i < before->n; i++)
		if (str_equal(before->items[i]->path, path)) {
			before->items[i]->owners++;
			return before->items[i];
		}
	return NULL;
}

/* What was shipped is as safe as the program beside it. */
static void add_file(
	struct runbooks *rs, const char *folder, const char *name, bool shipped)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct err e = ERR_INIT;
	bool ok = shipped || file_trusted(path, &e);
	struct runbook *r = ok ? runbook_load(path, &e) : NULL;

	if (!r) {
		rs->errors = mem_grow(
			rs->errors, &rs->errors_cap, rs->n_errors + 1, sizeof(e));
		rs->errors[rs->n_errors++] = e;
		r = last_good(rs->before, path);
	}
	free(path);
	if (!r)
		return;
	if (runbooks_find(rs, runbook_name(r))) {
		runbook_free(r); /* the user's own of this name comes first and stays */
		return;
	}
	rs->items = mem_grow(rs->items, &rs->cap, rs->n + 1, sizeof(struct runbook *));
	rs->items[rs->n++] = r;
}

static void add_folder(struct runbooks *rs, const char *folder, bool shipped)
{
	char **names = file_list(folder, ".yaml");

	for (size_t i = 0; names[i]; i++)
		add_file(rs, folder, names[i], shipped);
	file_list_free(names);
}

/* What was made for a state of things before what always applies, the harmless before the dangerous. */
static int by_fit(const void *a, const void *b)
{
	const struct runbook *x = *(struct runbook *const *)a,
			     *y = *(struct runbook *const *)b;

	if ((x->states != 0) != (y->states != 0))
		return x->states ? -1 : 1;
	if (x->risk != y->risk)
		return x->risk < y->risk ? -1 : 1;
	return strcmp(x->name, y->name);
}

struct runbooks *runbooks_load(const struct config *c, struct err *e)
{
	return runbooks_again(c, NULL, e);
}

struct runbooks *runbooks_again(
	const struct config *c, const struct runbooks *before, struct err *e)
{
	struct runbooks *rs = xcalloc(1, sizeof(*rs));
	char *shipped = file_data("runbooks/catalog");
	char *own = c->folder ? xasprintf("%s/runbooks", c->folder) : NULL;

	rs->before = before;
	if (own)
		add_folder(rs, own, false);
	add_folder(rs, shipped, true);
	free(own);
	if (rs->n == 0 && rs->n_errors == 0) {
		err_set(e, ERR_NOTFOUND, "no runbooks in %s", shipped);
		free(shipped);
		runbooks_free(rs);
		return NULL;
	}
	free(shipped);
	rs->before = NULL;
	if (rs->n)
		qsort(rs->items, rs->n, sizeof(struct runbook *), by_fit);
	return rs;
}

void runbooks_free(struct runbooks *rs)
{
	if (!rs)
		return;
	for (size_t i = 0; i < rs->n; i++)
		runbook_free(rs->items[i]);
	free(rs->items);
	free(rs->errors);
	free(rs);
}

size_t runbooks_count(const struct runbooks *rs)
{
	return rs->n;
}

const struct runbook *runbooks_at(const struct runbooks *rs, size_t i)
{
	return rs->items[i];
}

const struct runbook *runbooks_find(const struct runbooks *rs, const char *name)
{
	for (size_t i = 0; i < rs->n; i++)
		if (str_equal(runbook_name(rs->items[i]), name))
			return rs->items[i];
	return NULL;
}

size_t runbooks_errors(const struct runbooks *rs)
{
	return rs->n_errors;
}

const struct err *runbooks_error(const struct runbooks *rs, size_t i)
{
	return &rs->errors[i];
}
