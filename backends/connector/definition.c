/*
 * Loading a connector file: the top level, and what others ask about a definition.
 */
#include "backends/connector/def.h"
#include "backends/connector/line_rules.h"

#include <stdlib.h>
#include <string.h>

static const struct yaml_key top_keys[] = {
	{"connector", YAML_STRING, true},
	{"title", YAML_STRING, true},
	{"help", YAML_STRING},
	{"settings", YAML_OBJECT},
	{"secrets", YAML_ARRAY | YAML_OBJECT},
	{"base", YAML_STRING},
	{"headers", YAML_OBJECT},
	{"rate_limit", YAML_OBJECT},
	{"postgres", YAML_OBJECT},
	{"auth", YAML_STRING | YAML_OBJECT | YAML_ARRAY},
	{"collect", YAML_OBJECT},
	{"calls", YAML_OBJECT},
	{"log", YAML_OBJECT},
	{NULL},
};

static bool has_setting(const struct connector *c, const char *name)
{
	for (size_t i = 0; i < c->n_settings; i++)
		if (strcmp(c->settings[i].name, name) == 0)
			return true;
	return false;
}

static bool read_base(struct connector *c, struct err *e)
{
	if (!def_tmpl(c, c->doc.root, "base", &c->base, e))
		return false;
	if (c->base || !has_setting(c, "url"))
		return true;
	json_t *tree = json_string("{{ settings.url }}");
	struct tmpl *t = tmpl_compile(NULL, NULL, NULL, tree, e);
	json_decref(tree);
	return def_keep(c, t, &c->base);
}

static bool read_postgres(struct connector *c, struct err *e)
{
	static const struct yaml_key keys[] = {{"host", YAML_STRING, true},
		{"port", YAML_STRING | YAML_INT}, {"dbname", YAML_STRING, true},
		{"user", YAML_STRING}, {"password", YAML_STRING},
		{"sslmode", YAML_STRING}, {"sslrootcert", YAML_STRING},
		{"sslcert", YAML_STRING}, {"sslkey", YAML_STRING}, {NULL}};
	const json_t *in = json_object_get(c->doc.root, "postgres");
	return !in || (yaml_check(&c->doc, in, "postgres", keys, e) &&
			      def_tmpl(c, c->doc.root, "postgres", &c->postgres, e));
}

static bool read_rate_limit(struct connector *c, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"reset", YAML_STRING, true}, {"as", YAML_STRING, true}, {NULL}};
	static const char *const units[] = {"seconds", "epoch"};
	const json_t *in = json_object_get(c->doc.root, "rate_limit");
	if (!in)
		return true;
	if (!yaml_check(&c->doc, in, "rate_limit", keys, e))
		return false;
	c->reset_header = json_str(in, "reset", NULL);
	int unit = def_word(c, in, "as", units, LENGTH(units), e);
	c->reset_is_epoch = unit == 1;
	return unit >= 0;
}

/* Base, headers and postgres go with every request, and so do the secrets that they mention. */
static bool read_common(struct connector *c, struct err *e)
{
	def_sees(c, 0);
	struct def_mentions before = def_secrets_begin(c);
	bool ok = read_base(c, e) && read_postgres(c, e) &&
		  def_tmpl(c, c->doc.root, "headers", &c->headers, e);
	c->common_secrets = def_secrets_end(c, before);
	return ok;
}

/* The file's own name is the name by which the configuration finds it. */
static bool check_name(const struct connector *c, struct err *e)
{
	const char *slash = strrchr(c->doc.path, '/');
	const char *file = slash ? slash + 1 : c->doc.path;
	size_t len = strlen(c->name);
	if (strncmp(file, c->name, len) == 0 && strcmp(file + len, ".yaml") == 0)
		return true;
	return yaml_err_value(e, &c->doc, c->doc.root, "connector",
		"the file is named %s, so this must be its name without .yaml, not "
		"\"%s\"",
		file, c->name);
}

static bool check_does_something(const struct connector *c, struct err *e)
{
	return c->n_collects || c->n_calls ||
	       yaml_err(e, &c->doc, c->doc.root, "connector",
		       "this connector does nothing: give it `collect:` (what is read) "
		       "or "
		       "`calls:` (what is changed)");
}

static bool read_all(struct connector *c, struct err *e)
{
	if (!yaml_check(&c->doc, c->doc.root, "a connector", top_keys, e))
		return false;
	c->name = json_str(c->doc.root, "connector", "");
	c->title = json_str(c->doc.root, "title", "");
	return check_name(c, e) && def_settings(c, e) && read_common(c, e) &&
	       read_rate_limit(c, e) && def_auths(c, e) && def_collects(c, e) &&
	       def_calls(c, e) && def_logs(c, e) && check_does_something(c, e);
}

static bool needs_base(struct connector *c, const char *what, const char *name,
	const struct def_request *rq, struct err *e)
{
	return c->base || rq->transport != DEF_HTTP ||
	       yaml_err(e, &c->doc, json_object_get(c->doc.root, what), name,
		       "HTTP requests need `base:` or a setting named url");
}

static bool check_bases(struct connector *c, struct err *e)
{
	for (size_t i = 0; i < c->n_collects; i++)
		if (!needs_base(c, "collect", c->collects[i].name,
			    &c->collects[i].fetch.request, e))
			return false;
	for (size_t i = 0; i < c->n_calls; i++)
		if (!needs_base(c, "calls", c->calls[i].name,
			    &c->calls[i].steps[0].request, e))
			return false;
	return true;
}

static struct connector *finish(struct connector *c, bool read, struct err *e)
{
	if (read && read_all(c, e) && check_bases(c, e))
		return c;
	connector_free(c);
	return NULL;
}

struct connector *connector_load(const char *path, struct err *e)
{
	struct connector *c = xcalloc(1, sizeof(*c));
	return finish(c, yaml_load(&c->doc, path, e), e);
}

struct connector *connector_parse(
	const char *path, const char *text, size_t len, struct err *e)
{
	struct connector *c = xcalloc(1, sizeof(*c));
	return finish(c, yaml_parse(&c->doc, path, text, len, e), e);
}

struct connector *connector_share(const struct connector *c)
{
	struct connector *shared = (struct connector *)(uintptr_t)c;
	shared->more_owners++;
	return shared;
}

void connector_free(struct connector *c)
{
	if (!c || c->more_owners-- > 0)
		return;
	for (size_t i = 0; i < c->n_jmes; i++)
		jmes_free(c->jmes[i]);
	for (size_t i = 0; i < c->n_tmpls; i++)
		tmpl_free(c->tmpls[i]);
	for (size_t i = 0; i < KIND_COUNT; i++)
		line_rules_free(c->log[i].rules);
	free(c->jmes);
	free(c->tmpls);
	free(c->warnings);
	arena_release(&c->arena);
	yaml_release(&c->doc);
	free(c);
}

const char *connector_name(const struct connector *c)
{
	return c->name;
}

const char *connector_title(const struct connector *c)
{
	return c->title;
}

size_t connector_collections(const struct connector *c)
{
	return c->n_collects;
}

const char *connector_collection(const struct connector *c, size_t i)
{
	return i < c->n_collects ? c->collects[i].name : NULL;
}

enum kind connector_kind(const struct connector *c, size_t i)
{
	return c->collects[i].kind;
}

enum state connector_gone(const struct connector *c, size_t i)
{
	return c->collects[i].gone;
}

bool connector_rereads(const struct connector *c, size_t i)
{
	return c->collects[i].has_reread;
}

const struct def_call *connector_call(const struct connector *c, const char *name)
{
	for (size_t i = 0; i < c->n_calls; i++)
		if (strcmp(c->calls[i].name, name) == 0)
			return &c->calls[i];
	return NULL;
}

bool connector_has_call(const struct connector *c, const char *call)
{
	return connector_call(c, call) != NULL;
}

bool connector_warning(const struct connector *c, size_t *at, struct err *out)
{
	if (*at >= c->n_warnings)
		return false;
	*out = c->warnings[(*at)++];
	return true;
}

bool connector_has_log(const struct connector *c, enum kind kind)
{
	return kind < KIND_COUNT && c->log[kind].given;
}
