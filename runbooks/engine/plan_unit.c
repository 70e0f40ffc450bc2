/* The steps of a runbook for one target, foreach spread out, and what each of them sees. */
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "runbooks/engine/exec.h"

enum { ITEM_SHOWN = 60 };

bool plan_too_many(struct err *e)
{
	return err_set(e, ERR_LIMIT,
		"this would be more than %d steps in all: narrow the choice",
		PLAN_UNITS_MAX);
}

static bool add_unit(struct plan *p, struct plan_target *t, const struct plan_unit *u,
	size_t *cap, struct err *e)
{
	if (p->n_units >= PLAN_UNITS_MAX)
		return plan_too_many(e);
	t->units = mem_grow(t->units, cap, t->n_units + 1, sizeof(*t->units));
	t->units[t->n_units] = *u;
	t->units[t->n_units++].item = json_incref(u->item);
	p->n_units++;
	return true;
}

/* The items as they are now: a list, not empty, not too long. NULL with e. */
static json_t *items_of(
	const struct plan_target *t, const struct step *loop, struct err *e)
{
	json_t *list = tmpl_render(loop->in, t->input, e);
	size_t n = json_array_size(list);

	if (!list) {
		err_wrap(e, "foreach %s", loop->as);
		return NULL;
	}
	if (!json_is_array(list))
		err_set(e, ERR_CONFIG, "foreach %s: `in` gives no list", loop->as);
	else if (n == 0)
		err_set(e, ERR_USAGE,
			"foreach %s: the list is empty, so there is nothing to do",
			loop->as);
	else if (n > PLAN_ITEMS_MAX)
		err_set(e, ERR_LIMIT,
			"foreach %s: the list has %zu items, at most %d are taken at "
			"once",
			loop->as, n, PLAN_ITEMS_MAX);
	for (size_t i = 0; i < n && e->code == ERR_NONE; i++)
		if (json_is_null(json_array_get(list, i)))
			err_set(e, ERR_USAGE, "foreach %s: item %zu is null", loop->as,
				i + 1);
	if (e->code == ERR_NONE)
		return list;
	json_decref(list);
	return NULL;
}

static bool add_loop(struct plan *p, struct plan_target *t, const struct step *loop,
	size_t *cap, struct err *e)
{
	json_t *items = items_of(t, loop, e), *item;
	bool ok = items != NULL;
	size_t i;

	json_array_foreach (items, i, item) {
		struct plan_unit u = {.loop = loop,
			.item = item,
			.nth = i + 1,
			.items = json_array_size(items)};

		for (size_t k = 0; k < loop->n_body && ok; k++) {
			u.step = &loop->body[k];
			ok = add_unit(p, t, &u, cap, e);
		}
	}
	json_decref(items);
	return ok;
}

bool plan_units_make(struct plan *p, struct plan_target *t, struct err *e)
{
	const struct runbook *r = p->runbook;
	size_t cap = 0;

	for (size_t i = 0; i < r->n_steps; i++) {
		struct plan_unit u = {.step = &r->steps[i]};
		bool ok = u.step->kind == STEP_FOREACH ? add_loop(p, t, u.step, &cap, e)
						       : add_unit(p, t, &u, &cap, e);

		if (!ok)
			return false;
	}
	return true;
}

void plan_units_free(struct plan_target *t)
{
	for (size_t i = 0; i < t->n_units; i++)
		json_decref(t->units[i].item);
	free(t->units);
	t->units = NULL;
	t->n_units = 0;
}

void plan_unit_label(const struct plan_unit *u, struct str *out)
{
	struct str text = STR_INIT_MAX(4096);

	if (!u->loop)
		return;
	if (json_is_object(u->item) || json_is_array(u->item))
		json_text_to(&text, u->item);
	else
		json_scalar_to(&text, u->item);
	str_addf(out, "%s ", u->loop->as);
	shown_safely(out, text.buf, text.len, ITEM_SHOWN, UTF8_ONE_LINE);
	str_addf(out, " (%zu of %zu): ", u->nth, u->items);
	str_release(&text);
}

json_t *plan_unit_input(
	const struct plan_target *t, const struct plan_unit *u, struct err *e)
{
	json_t *input = json_copy(t->input), *with, *params;

	if (u->loop)
		json_object_set(input, u->loop->as, u->item);
	if (u->step->kind != STEP_CALL || !u->step->with)
		return input;
	with = tmpl_render(u->step->with, input, e);
	if (!with) {
		json_decref(input);
		return NULL;
	}
	params = json_copy(json_object_get(input, "params"));
	json_object_update(params, with);
	json_object_set_new(input, "params", params);
	json_decref(with);
	return input;
}
