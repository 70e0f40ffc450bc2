/*
 * Replies that show nothing, tried on the expressions that are to prove something.
 */
#include "backends/connector/probe.h"
#include "backends/base/mem.h"

#include <string.h>

bool probe_holds(const struct jmes *x, json_t *input, json_t *scope)
{
	struct err ignored = ERR_INIT;
	json_t *v = x ? jmes_search(x, input, scope, &ignored) : NULL;
	bool yes = v && jmes_truthy(v);
	json_decref(v);
	return yes;
}

/* The errors come last. */
enum { EMPTY = 4, ALL = 7 };

static json_t *empty_reply(size_t i)
{
	switch (i) {
	case 0:
		return json_null();
	case 1:
		return json_object();
	case 2:
		return json_string("");
	case 3:
		return json_array();
	case 4:
		return json_pack("{s:s}", "error", "an error");
	case 5:
		return json_pack("{s:{s:s, s:s}}", "error", "code", "an error", "message",
			"an error");
	default:
		return json_pack("{s:s, s:s, s:[{s:s}]}", "message", "an error", "detail",
			"an error", "errors", "message", "an error");
	}
}

bool probe_body(const struct jmes *x, json_t *scope, bool errors_are_told)
{
	bool yes = false;
	for (size_t i = 0; i < (errors_are_told ? EMPTY : ALL) && !yes; i++) {
		json_t *body = empty_reply(i);
		yes = probe_holds(x, body, scope);
		json_decref(body);
	}
	return yes;
}

bool probe_envelope(
	const struct jmes *x, const json_t *envelope, json_t *scope, bool errors_are_told)
{
	json_t *empty = json_copy((json_t *)(uintptr_t)envelope);
	bool yes = false;
	if (json_is_integer(json_object_get(empty, "affected")))
		json_object_set_new(empty, "affected", json_integer(0));
	for (size_t i = 0; i < (errors_are_told ? EMPTY : ALL) && !yes; i++) {
		json_object_set_new(empty, "body", empty_reply(i));
		yes = probe_holds(x, empty, scope);
	}
	json_decref(empty);
	return yes;
}

/* ---- without a scope ---- */

struct sample {
	json_t *scope;
	bool unsure;
};

/* "a.b.c" of the scope becomes a text that no reply has. */
static bool add_sample(void *arg, bool of_scope, const char *path, json_t *value)
{
	struct sample *s = arg;
	json_t *at = s->scope;
	(void)value;
	if (!of_scope)
		return true;
	if (!*path || strchr(path, '[')) {
		s->unsure = true;
		return false;
	}
	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		char *name = xstrndup(path, (size_t)(dot - path));
		if (!json_is_object(json_object_get(at, name)))
			json_object_set_new(at, name, json_object());
		at = json_object_get(at, name);
		free(name);
	}
	if (!json_object_get(at, path))
		json_object_set_new(at, path, json_sprintf("some %s", path));
	return true;
}

bool probe_unscoped(const struct jmes *x, bool of_envelope, bool errors_are_told)
{
	struct sample s = {json_object(), false};
	jmes_paths(x, NULL, NULL, add_sample, &s);
	json_t *envelope = json_pack("{s:n, s:n, s:n}", "status", "affected", "exit");
	bool yes = !s.unsure &&
		   (of_envelope ? probe_envelope(x, envelope, s.scope, errors_are_told)
				: probe_body(x, s.scope, errors_are_told));
	json_decref(envelope);
	json_decref(s.scope);
	return yes;
}

static bool of_envelope(void *arg, bool of_scope, const char *path, json_t *value)
{
	static const char *const names[] = {"status", "body", "affected", "exit"};
	char **odd = arg;
	size_t len = strcspn(path, ".[");
	(void)value;
	if (of_scope || !len)
		return true;
	for (size_t i = 0; i < LENGTH(names); i++)
		if (strlen(names[i]) == len && strncmp(names[i], path, len) == 0)
			return true;
	*odd = xstrndup(path, len);
	return false;
}

char *probe_not_of_envelope(const struct jmes *x)
{
	char *odd = NULL;
	jmes_paths(x, NULL, NULL, of_envelope, &odd);
	return odd;
}

struct wanted {
	const char *root;
	bool of_input;
	bool found;
};

static bool is_root(void *arg, bool of_scope, const char *path, json_t *value)
{
	struct wanted *w = arg;
	size_t len = strlen(w->root);
	(void)value;
	bool fits = strncmp(path, w->root, len) == 0;
	w->found = fits &&
		   (w->of_input ? !of_scope && path[len] == '.'
				: of_scope && (path[len] == '\0' || path[len] == '.' ||
						      path[len] == '['));
	return !w->found;
}

bool probe_names_of_input(const struct jmes *x, const char *root)
{
	struct wanted w = {root, true, false};
	jmes_paths(x, NULL, NULL, is_root, &w);
	return w.found;
}

bool probe_names(const struct jmes *x, const char *root)
{
	struct wanted w = {root, false, false};
	jmes_paths(x, NULL, NULL, is_root, &w);
	return w.found;
}
