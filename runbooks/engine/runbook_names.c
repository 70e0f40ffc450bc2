/*
 * Expressions and templates of a runbook file, and the names that they may use. A name that nobody will give is a slip of
 * the pen, and would be null without a word: a wait that never ends, an empty word in a request.
 */
#include <stdint.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/str.h"
#include "runbooks/engine/runbook_def.h"

enum { NAMES_MAX = 128 };

struct names {
	const char *list[NAMES_MAX];
	size_t n;
};

static void add(struct names *to, const char *name)
{
	if (to->n < NAMES_MAX)
		to->list[to->n++] = name;
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

static bool complain(
	const struct names *have, const char *what, const char *name, struct err *why)
{
	const char *near = yaml_nearest(name, have->list, have->n);
	struct str words = STR_INIT_MAX(600);

	str_adds(&words, what);
	if (near)
		str_addf(&words, ": did you mean \"%s\"?", near);
	else
		str_adds(&words, ":");
	str_adds(&words, " There are");
	for (size_t i = 0; i < have->n; i++)
		str_addf(&words, "%s %s", i ? "," : "", have->list[i]);
	err_set(why, ERR_CONFIG, "%s", have->n ? words.buf : what);
	str_release(&words);
	return false;
}

static void record_names(const struct yaml_doc *doc, struct names *out)
{
	for (size_t i = 0; record_member(i); i++)
		add(out, record_member(i));
	if (json_flag(json_sub(doc->root, "applies"), "host", false))
		add(out, "host");
}

static void param_names(const struct yaml_doc *doc, struct names *out)
{
	json_t *params = (json_t *)(uintptr_t)json_sub(doc->root, "parameters"), *v;
	const char *name;

	json_object_foreach (params, name, v)
		add(out, name);
}

/* The items of the file's foreach, wherever they are used. */
static void item_names(const struct yaml_doc *doc, struct names *out)
{
	const json_t *step;
	size_t i;

	json_array_foreach (json_sub(doc->root, "steps"), i, step) {
		const char *as = json_str(json_sub(step, "foreach"), "as", NULL);

		if (as)
			add(out, as);
	}
}

struct sight {
	const struct yaml_doc *doc;
	bool wait; /* the record now and before, and no more */
	bool made; /* what the call before returned, too */
};

static bool known_root(const struct sight *s, const char *root, struct err *why)
{
	static const char *const waits[] = {"record", "before", "called"},
				 *const all[] = {"record", "params", "operator", "reason",
					 "action", "now"};
	struct names have = {.n = 0};
	struct str what = STR_INIT_MAX(200);
	bool ok;

	for (size_t i = 0; s->wait && i < LENGTH(waits); i++)
		add(&have, waits[i]);
	for (size_t i = 0; !s->wait && i < LENGTH(all); i++)
		add(&have, all[i]);
	if (s->made)
		add(&have, "called");
	item_names(s->doc, &have);
	ok = has(&have, root);
	str_addf(&what, "there is no \"%s\" here", root);
	ok = ok || complain(&have, what.buf, root, why);
	str_release(&what);
	return ok;
}

static bool known_member(
	const struct sight *s, const char *root, const char *member, struct err *why)
{
	struct names have = {.n = 0};
	struct str what = STR_INIT_MAX(200);
	bool ok;

	if (strcmp(root, "record") == 0 || strcmp(root, "before") == 0)
		record_names(s->doc, &have);
	else if (strcmp(root, "params") == 0)
		param_names(s->doc, &have);
	else if (strcmp(root, "action") == 0)
		add(&have, "key");
	else
		return true;
	ok = has(&have, member);
	str_addf(&what, "%s has no \"%s\"", root, member);
	ok = ok || complain(&have, what.buf, member, why);
	str_release(&what);
	return ok;
}

static bool known(void *arg, const char *root, const char *member, struct err *why)
{
	return member ? known_member(arg, root, member, why) : known_root(arg, root, why);
}

static struct tmpl *compile_tmpl(
	struct sight s, const json_t *in, const char *key, struct err *e)
{
	struct tmpl_names names = {known, &s};

	return tmpl_compile_known(s.doc, in, key, json_sub(in, key), &names, e);
}

struct tmpl *runbook_tmpl(
	const struct yaml_doc *doc, const json_t *in, const char *key, struct err *e)
{
	return compile_tmpl((struct sight){.doc = doc}, in, key, e);
}

struct tmpl *runbook_wait_tmpl(
	const struct yaml_doc *doc, const json_t *in, const char *key, struct err *e)
{
	return compile_tmpl((struct sight){.doc = doc, .made = true}, in, key, e);
}

struct asking {
	struct sight sight;
	struct err *why;
};

static bool ask(void *arg, const char *root, const char *member)
{
	struct asking *a = arg;

	return known(&a->sight, root, member, a->why);
}

/* Of a record's own members: `when`. */
static bool ask_record(void *arg, const char *root, const char *member)
{
	struct asking *a = arg;

	return member || known_member(&a->sight, "record", root, a->why);
}

static struct jmes *compile(const struct yaml_doc *doc, const json_t *in, const char *key,
	jmes_name_fn *fn, struct err *e)
{
	struct err why = ERR_INIT;
	struct asking a = {{.doc = doc, .wait = true}, &why};
	struct jmes *j = jmes_compile(json_str(in, key, ""), &why);

	if (j && jmes_sound(j, &why) && jmes_names(j, true, fn, &a))
		return j;
	jmes_free(j);
	yaml_err_value(e, doc, in, key, "%s%s", why.msg,
		yaml_cut(doc, in, key, 0) ? YAML_CUT_HINT : "");
	return NULL;
}

struct jmes *runbook_wait_expr(
	const struct yaml_doc *doc, const json_t *in, const char *key, struct err *e)
{
	return compile(doc, in, key, ask, e);
}

struct jmes *runbook_record_expr(
	const struct yaml_doc *doc, const json_t *in, const char *key, struct err *e)
{
	return compile(doc, in, key, ask_record, e);
}
