#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include "backends/base/jmespath.h"
#include "backends/base/yaml.h"

/*
 * A json_t tree whose strings may hold {{ expression }}, compiled once. A string that is one single
 * {{ expression }} keeps the JSON type of its value; otherwise the value is put in as text (null as "").
 * The expressions' input and scope() are both the scope object. An object member or array item whose whole value is a
 * single expression that gives null is left out when its key ends in "?" (the "?" is dropped);
 * an array's "?" holds for its items. A rendered tree shares nothing with scope or template: it may be wiped.
 */
struct tmpl;

/* `in`/`key` say where the tree stands in `doc`, for messages with line and column (doc may be NULL). */
struct tmpl *tmpl_compile(const struct yaml_doc *doc, const json_t *in, const char *key,
	const json_t *tree, struct err *e) MUST_USE;
void tmpl_free(struct tmpl *t);
/* New reference. */
json_t *tmpl_render(const struct tmpl *t, json_t *scope, struct err *e) MUST_USE;
bool tmpl_render_text(
	const struct tmpl *t, json_t *scope, struct str *out, struct err *e) MUST_USE;

/*
 * Which names the scope will have, for a compilation that refuses all others: asked as by jmes_names, `why` then says
 * what is wrong with a name.
 */
struct tmpl_names {
	bool (*known)(void *arg, const char *root, const char *member, struct err *why);
	void *arg;
};
/* tmpl_compile that asks `names`. */
struct tmpl *tmpl_compile_known(const struct yaml_doc *doc, const json_t *in,
	const char *key, const json_t *tree, const struct tmpl_names *names,
	struct err *e) MUST_USE;

/*
 * URL paths: "/dags/{dag_id}/runs/{{ expr }}" : {name} is short for {{ name }}. Each value becomes one
 * percent-encoded segment part ("/" is %2F; "." and ".." alone are refused, as are empty values, CR, LF, NUL).
 * `names` may be NULL.
 */
struct tmpl *tmpl_compile_path(const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *path, const struct tmpl_names *names,
	struct err *e) MUST_USE;
bool tmpl_render_path(
	const struct tmpl *t, json_t *scope, struct str *out, struct err *e) MUST_USE;

#endif
