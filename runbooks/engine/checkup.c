/* The worker's half of `watchdesk doctor`: everything that a source or an action would stumble on, without a request. */
#include "runbooks/engine/checkup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/secret.h"
#include "backends/connector/connector.h"
#include "runbooks/engine/runbook_def.h"

enum { SECRETS_AT_ONCE = 8, SECRETS_WITHIN_MS = 120000 };

struct known {
	char *name;
	struct connector *c; /* NULL: there is none that works, and that was said */
};

struct wanted {
	struct checkup *of;
	const char *source, *name;
	const json_t *spec; /* of the configuration */
};

struct checkup {
	struct config config;
	struct loop *loop;
	json_t *rows;
	struct known *known;
	size_t n_known, cap_known;
	struct source *
		*sources; /* by number in the configuration; NULL: wrong or disabled */
	struct wanted *wanted;
	size_t n_wanted, cap_wanted, next, running;
	bool resolved, quiet; /* quiet: what is well is not said */
};

static void say(struct checkup *k, const char *check, const char *level, const char *fmt,
	...) PRINTF_LIKE(4, 5);

static void say(
	struct checkup *k, const char *check, const char *level, const char *fmt, ...)
{
	struct str text = STR_INIT_MAX(2000);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	json_array_append_new(k->rows, json_pack("{s:s, s:s, s:s}", "check", check,
					       "level", level, "text", text.buf));
	str_release(&text);
}

/* ---- connectors ------------------------------------------------------------------------ */

static struct connector *connector_of(struct checkup *k, const char *name)
{
	struct err e = ERR_INIT;
	char *path;

	for (size_t i = 0; i < k->n_known; i++)
		if (str_equal(k->known[i].name, name))
			return k->known[i].c;
	k->known =
		mem_grow(k->known, &k->cap_known, k->n_known + 1, sizeof(struct known));
	path = config_find(&k->config, "connectors", "backends/catalog", name, &e);
	k->known[k->n_known++] =
		(struct known){xstrdup(name), path ? connector_load(path, &e) : NULL};
	if (e.code == ERR_NONE && !k->quiet)
		say(k, "connector", "ok", "%s: %s", name, path);
	else if (e.code != ERR_NONE)
		say(k, "connector", "bad", "%s", e.msg);
	free(path);
	return k->known[k->n_known - 1].c;
}

/* ---- sources --------------------------------------------------------------------------- */

static void want_secrets(struct checkup *k, const struct source *s)
{
	struct wanted w = {k, source_name(s), NULL, NULL};

	for (size_t i = 0; source_secret(s, i, &w.name, &w.spec); i++) {
		if (!w.spec)
			continue;
		k->wanted =
			mem_grow(k->wanted, &k->cap_wanted, k->n_wanted + 1, sizeof(w));
		k->wanted[k->n_wanted++] = w;
	}
}

static void check_source(struct checkup *k, size_t i)
{
	const struct config_source *cfg = &k->config.sources[i];
	struct reach reach = {.loop = k->loop, .config = &k->config};
	struct err e = ERR_INIT;
	struct connector *c = connector_of(k, cfg->connector);

	if (!c) {
		say(k, "source", "bad", "%s: without a working connector \"%s\"",
			cfg->name, cfg->connector);
		return;
	}
	k->sources[i] = source_new(&reach, connector_share(c), cfg, &e);
	if (!k->sources[i])
		say(k, "source", "bad", "%s: %s", cfg->name, e.msg);
	else if (!cfg->disabled)
		want_secrets(k, k->sources[i]);
}

static void check_sources(struct checkup *k)
{
	size_t n = k->config.n_sources, good = 0;

	k->sources = xcalloc(n + 1, sizeof(struct source *));
	for (size_t i = 0; i < n; i++)
		check_source(k, i);
	for (size_t i = 0; i < n; i++)
		good += k->sources[i] != NULL;
	if (good == n)
		say(k, "sources", "ok", "%zu, each as its connector wants it", n);
}

/* ---- secrets --------------------------------------------------------------------------- */

static void next_secrets(struct checkup *k);

static void on_secret(void *arg, const char *value, const struct err *e)
{
	struct wanted *w = arg;
	struct checkup *k = w->of;

	if (!value)
		say(k, "secret", "bad", "%s: %s: %s", w->source, w->name, e->msg);
	else if (strlen(value) < LOG_SECRET_SHORT)
		say(k, "secret", "warn",
			"%s: %s is shorter than %d bytes: where a far side echoes it, it "
			"cannot be told from a word and may be shown",
			w->source, w->name, LOG_SECRET_SHORT);
	k->running--;
	next_secrets(k);
}

static void next_secrets(struct checkup *k)
{
	while (k->next < k->n_wanted && k->running < SECRETS_AT_ONCE) {
		struct wanted *w = &k->wanted[k->next++];

		k->running++;
		secret_resolve(k->loop, w->spec, on_secret, w);
	}
	k->resolved = k->running == 0;
}

static void check_secrets(struct checkup *k)
{
	next_secrets(k);
	if (!loop_until(k->loop, &k->resolved, SECRETS_WITHIN_MS))
		say(k, "secret", "bad", "not all could be had within %d s",
			SECRETS_WITHIN_MS / 1000);
	else if (k->n_wanted)
		say(k, "secrets", "ok", "%zu looked at", k->n_wanted);
}

/* ---- runbooks -------------------------------------------------------------------------- */

static void check_call_of(struct checkup *k, const struct runbook *r, const char *call,
	const char *connector)
{
	const struct connector *c = connector_of(k, connector);

	if (c && !connector_has_call(c, call))
		say(k, "runbook", "bad", "%s: connector %s has no call \"%s\"", r->name,
			connector, call);
}

/* For any connector: one that has it must be there. */
static void check_call_of_any(
	struct checkup *k, const struct runbook *r, const char *call)
{
	for (size_t i = 0; i < k->n_known; i++)
		if (k->known[i].c && connector_has_call(k->known[i].c, call))
			return;
	say(k, "runbook", "bad", "%s: no connector has a call \"%s\"", r->name, call);
}

static void check_call(struct checkup *k, const struct runbook *r, const char *call)
{
	const json_t *name;
	size_t i;

	if (!r->connectors) {
		check_call_of_any(k, r, call);
		return;
	}
	if (json_is_string(r->connectors))
		check_call_of(k, r, call, json_string_value(r->connectors));
	json_array_foreach (r->connectors, i, name)
		check_call_of(k, r, call, json_string_value(name));
}

/* Steps hold steps two deep: foreach, and what is to be done when one fails. steps.c sees to that. */
static void check_steps(struct checkup *k, const struct runbook *r,
	const struct step *steps, size_t n) /* NOLINT(misc-no-recursion) */
{
	for (size_t i = 0; i < n; i++) {
		if (steps[i].kind == STEP_CALL)
			check_call(k, r, steps[i].call);
		check_steps(k, r, steps[i].body, steps[i].n_body);
		check_steps(k, r, steps[i].rescue, steps[i].n_rescue);
	}
}

static void know_folder(struct checkup *k, char *folder)
{
	char **names = file_list(folder, ".yaml");

	for (size_t i = 0; names[i]; i++) {
		char *name = xstrndup(names[i], strlen(names[i]) - strlen(".yaml"));

		(void)connector_of(k, name);
		free(name);
	}
	file_list_free(names);
	free(folder);
}

static void check_runbooks(struct checkup *k)
{
	struct err e = ERR_INIT;
	struct runbooks *rs = runbooks_load(&k->config, &e);

	if (!rs) {
		say(k, "runbooks", "bad", "%s", e.msg);
		return;
	}
	k->quiet = true;
	know_folder(k, xasprintf("%s/connectors", k->config.folder));
	know_folder(k, file_data("backends/catalog"));
	for (size_t i = 0; i < runbooks_errors(rs); i++)
		say(k, "runbook", "bad", "%s", runbooks_error(rs, i)->msg);
	for (size_t i = 0; i < runbooks_count(rs); i++) {
		const struct runbook *r = runbooks_at(rs, i);

		check_steps(k, r, r->steps, r->n_steps);
	}
	say(k, "runbooks", runbooks_errors(rs) == 0 ? "ok" : "bad", "%zu loaded",
		runbooks_count(rs));
	runbooks_free(rs);
}

/* ---- all ------------------------------------------------------------------------------- */

static void release(struct checkup *k)
{
	for (size_t i = 0; k->sources && i < k->config.n_sources; i++)
		source_free(k->sources[i]);
	for (size_t i = 0; i < k->n_known; i++) {
		connector_free(k->known[i].c);
		free(k->known[i].name);
	}
	free(k->sources);
	free(k->known);
	free(k->wanted);
	json_decref(k->rows);
	secret_forget(k->loop);
	loop_free(k->loop);
	config_release(&k->config);
}

int checkup_main(const char *config_path)
{
	struct checkup k = {.rows = NULL};
	struct err e = ERR_INIT;
	char *text;

	secret_harden();
	if (!config_load(&k.config, config_path, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 78;
	}
	k.loop = loop_new();
	k.rows = json_array();
	check_sources(&k);
	check_secrets(&k);
	check_runbooks(&k);
	text = json_text(k.rows);
	puts(text);
	free(text);
	release(&k);
	return 0;
}
