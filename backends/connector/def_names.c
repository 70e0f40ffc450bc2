/*
 * The names of the scope: which of them are there at each place of a connector file, which members they have, and
 * which secrets are mentioned. A name that nobody will give is a slip of the pen, and would be null without a word.
 */
#include "backends/connector/def.h"

#include <string.h>

static const struct {
	const char *name;
	unsigned bit;
} roots[] = {{"settings", SEES_SETTINGS}, {"given", SEES_GIVEN}, {"source", SEES_SOURCE},
	{"operator", SEES_OPERATOR}, {"now", SEES_NOW}, {"secret", SEES_SECRET},
	{"since", SEES_SINCE}, {"each", SEES_EACH}, {"item", SEES_ITEM},
	{"record", SEES_RECORD}, {"params", SEES_PARAMS}, {"reason", SEES_REASON},
	{"action", SEES_ACTION}, {"prev", SEES_PREV}, {"steps", SEES_STEPS},
	{"reply", SEES_REPLY}, {"part", SEES_PART}, {"token", SEES_TOKEN},
	{"called", SEES_CALLED}, {"before", SEES_BEFORE}};

static unsigned bit_of(const char *name)
{
	for (size_t i = 0; i < LENGTH(roots); i++)
		if (strcmp(roots[i].name, name) == 0)
			return roots[i].bit;
	return 0;
}

bool connector_reserved(const char *name)
{
	return bit_of(name) != 0 || strcmp(name, "status") == 0;
}

void def_sees(struct connector *c, unsigned sees)
{
	c->sight.roots = SEES_ALWAYS | sees;
	c->sight.of = NULL;
	c->sight.kind = KIND_COUNT;
}

void def_sees_record(struct connector *c, unsigned sees, const json_t *of, enum kind kind)
{
	def_sees(c, sees | SEES_RECORD);
	c->sight.of = of;
	c->sight.kind = kind;
}

/* ---- complaints ---- */

struct names {
	const char **list;
	size_t n;
};

static void add(struct connector *c, struct names *to, const char *name)
{
	const char **more = arena_alloc(&c->arena, (to->n + 1) * sizeof(*more));
	if (to->n)
		memcpy(more, to->list, to->n * sizeof(*more));
	more[to->n] = name;
	*to = (struct names){more, to->n + 1};
}

/* "<what>: did you mean "x"? <intro> a, b, c" */
static bool complain(struct err *e, const char *what, const char *name,
	const struct names *have, const char *intro)
{
	struct str words = STR_INIT_MAX(400);
	const char *near = yaml_nearest(name, have->list, have->n);
	str_adds(&words, what);
	if (near)
		str_addf(&words, ": did you mean \"%s\"? %s", near, intro);
	else
		str_addf(&words, ": %s", intro);
	for (size_t i = 0; i < have->n; i++)
		str_addf(&words, "%s%s", i ? ", " : " ", have->list[i]);
	if (!have->n)
		str_adds(&words, " none");
	err_set(e, ERR_CONFIG, "%s", words.buf);
	str_release(&words);
	return false;
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

static bool undeclared(struct connector *c, const char *root, const char *member,
	const struct names *have, struct err *e)
{
	char *what = arena_printf(&c->arena, "%s.%s is not declared", root, member);
	return complain(e, what, member, have, "declared are");
}

/* ---- roots ---- */

/* The opaque keys of the records that can be the one in hand: they stand in the scope by their bare names. */
static struct names opaque_names(struct connector *c)
{
	struct names out = {NULL, 0};
	json_t *all = json_object_get(c->doc.root, "collect"), *one, *v;
	const char *collection, *key;
	json_object_foreach (all, collection, one) {
		enum kind kind = KIND_COUNT;
		bool is = kind_parse(json_str(one, "kind", ""), &kind) &&
			  kind == c->sight.kind;
		if ((c->sight.of && c->sight.of != one) ||
			(c->sight.kind != KIND_COUNT && !is))
			continue;
		json_object_foreach (
			json_object_get(json_object_get(one, "record"), "opaque"), key, v)
			if (!has(&out, key))
				add(c, &out, key);
	}
	return out;
}

static bool known_root(struct connector *c, const char *root, struct err *e)
{
	struct names have = {NULL, 0};
	c->sight.mentioned |= bit_of(root);
	if (bit_of(root) & c->sight.roots)
		return true;
	if (c->sight.roots & SEES_RECORD)
		have = opaque_names(c);
	if (has(&have, root))
		return true;
	for (size_t i = 0; i < LENGTH(roots); i++)
		if (roots[i].bit & c->sight.roots)
			add(c, &have, roots[i].name);
	char *what = arena_printf(&c->arena, "there is no \"%s\" here", root);
	return complain(e, what, root, &have, "there are");
}

/* ---- members ---- */

static bool known_setting(struct connector *c, const char *name, struct err *e)
{
	struct names have = {NULL, 0};
	for (size_t i = 0; i < c->n_settings; i++)
		add(c, &have, c->settings[i].name);
	return has(&have, name) || undeclared(c, "settings", name, &have, e);
}

static bool known_secret(
	struct connector *c, const char *root, const char *name, bool used, struct err *e)
{
	struct names have = {NULL, 0};
	for (size_t i = 0; i < c->n_secrets; i++) {
		add(c, &have, c->secrets[i].name);
		if (used && strcmp(c->secrets[i].name, name) == 0)
			c->sight.secrets[i] = true;
	}
	return has(&have, name) || undeclared(c, root, name, &have, e);
}

static bool known_member(struct connector *c, const char *root, const char *member,
	struct names have, struct err *e)
{
	if (has(&have, member))
		return true;
	char *what = arena_printf(&c->arena, "%s has no \"%s\"", root, member);
	return complain(e, what, member, &have, "it has");
}

static bool known_record(
	struct connector *c, const char *root, const char *member, struct err *e)
{
	struct names have = {NULL, 0};
	for (size_t i = 0; record_member(i); i++)
		if (strcmp(record_member(i), member) == 0)
			return true;
	for (size_t i = 0; record_member(i); i++)
		add(c, &have, record_member(i));
	return known_member(c, root, member, have, e);
}

static bool known(void *arg, const char *root, const char *member, struct err *e)
{
	static const char *source[] = {"name", "env"}, *action[] = {"id", "key", "now"};
	struct connector *c = arg;
	if (!member)
		return known_root(c, root, e);
	unsigned bit = bit_of(root) & c->sight.roots;
	if (bit == SEES_SETTINGS)
		return known_setting(c, member, e);
	if (bit == SEES_SECRET || bit == SEES_GIVEN)
		return known_secret(c, root, member, bit == SEES_SECRET, e);
	if (bit == SEES_RECORD)
		return known_record(c, root, member, e);
	if (bit == SEES_SOURCE)
		return known_member(
			c, root, member, (struct names){source, LENGTH(source)}, e);
	if (bit == SEES_ACTION)
		return known_member(
			c, root, member, (struct names){action, LENGTH(action)}, e);
	return true;
}

struct tmpl_names def_names(struct connector *c)
{
	return (struct tmpl_names){known, c};
}

struct asking {
	struct connector *c;
	struct err *why;
};

static bool ask(void *arg, const char *root, const char *member)
{
	const struct asking *a = arg;
	return known(a->c, root, member, a->why);
}

bool def_names_known(
	struct connector *c, const struct jmes *j, bool of_scope, struct err *why)
{
	struct asking a = {c, why};
	unsigned roots_before = c->sight.roots;
	c->sight.roots &= ~(unsigned)SEES_SECRET;
	bool ok = jmes_names(j, of_scope, ask, &a);
	c->sight.roots = roots_before;
	return ok;
}

/* ---- secrets that are mentioned ---- */

struct def_mentions def_secrets_begin(struct connector *c)
{
	struct def_mentions before = {
		c->sight.secrets, c->sight.roots, c->sight.mentioned};
	c->sight.mentioned = 0;
	c->sight.secrets = arena_alloc(&c->arena, (c->n_secrets + 1) * sizeof(bool));
	c->sight.roots |= SEES_SECRET;
	return before;
}

const char *const *def_secrets_end(struct connector *c, struct def_mentions before)
{
	const char **names = arena_alloc(&c->arena, (c->n_secrets + 1) * sizeof(*names));
	const bool *used = c->sight.secrets;
	size_t n = 0;
	c->sight.secrets = before.secrets;
	c->sight.roots = before.roots;
	c->sight.mentioned |= before.mentioned;
	for (size_t i = 0; i < c->n_secrets; i++) {
		if (used[i])
			names[n++] = c->secrets[i].name;
		if (before.secrets)
			before.secrets[i] = before.secrets[i] || used[i];
	}
	return names;
}
