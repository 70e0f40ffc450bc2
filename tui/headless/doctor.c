/* watchdesk doctor: everything that can be wrong on this side, one line each. */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "tui/headless/headless.h"

struct checkup {
	const struct arguments *args;
	json_t *rows;
	bool bad;
};

static void say(struct checkup *c, const char *what, bool ok, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

static void say(struct checkup *c, const char *what, bool ok, const char *fmt, ...)
{
	struct str text = STR_INIT_MAX(2000);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	c->bad = c->bad || !ok;
	if (c->args->json)
		json_array_append_new(c->rows, json_pack("{s:s, s:b, s:s}", "check", what,
						       "ok", ok, "text", text.buf));
	else
		printf("%-4s %-12s %s\n", ok ? "ok" : "BAD", what, text.buf);
	str_release(&text);
}

static void check_terminal(struct checkup *c)
{
	const char *term = getenv("TERM"), *set = nl_langinfo(CODESET);

	say(c, "terminal", term && term[0], "TERM=%s, character set %s%s",
		term ? term : "", set,
		strcmp(set, "UTF-8") == 0 ? "" : ": drawn in ASCII");
}

static void check_runbooks(struct checkup *c, const struct config *config)
{
	struct err e = ERR_INIT;
	struct runbooks *rs = runbooks_load(config, &e);

	if (!rs) {
		say(c, "runbooks", false, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < runbooks_errors(rs); i++)
		say(c, "runbook", false, "%s", runbooks_error(rs, i)->msg);
	say(c, "runbooks", runbooks_errors(rs) == 0, "%zu loaded", runbooks_count(rs));
	runbooks_free(rs);
}

struct output {
	struct str text;
	bool done;
	int status;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct output *o = arg;

	if (stream == 2)
		str_add(&o->text, bytes, len);
}

static void on_ended(void *arg, int status, bool timed_out)
{
	struct output *o = arg;

	o->done = true;
	o->status = timed_out ? -1 : status;
}

/* The program that may speak to sources checks the files that say how. */
static void check_connector(
	struct checkup *c, struct loop *l, const char *name, const char *path)
{
	struct output o = {.text = STR_INIT_MAX(8192)};
	char *folder = file_exe_dir(),
	     *program = xasprintf("%s/watchdesk-worker", folder);
	const char *argv[] = {program, "connector", "check", path, NULL};
	struct loop_child_spec spec = {.argv = argv,
		.deadline_ms = 10000,
		.on_output = on_output,
		.on_exit = on_ended,
		.arg = &o};
	struct err e = ERR_INIT;

	if (!loop_spawn(l, &spec, &e))
		say(c, "connector", false, "%s: %s", name, e.msg);
	else if (!loop_until(l, &o.done, 15000) || o.status != 0)
		say(c, "connector", false, "%s: %s", name, o.text.buf);
	else
		say(c, "connector", true, "%s: %s", name, path);
	str_release(&o.text);
	free(program);
	free(folder);
}

static void check_sources(struct checkup *c, const struct config *config, struct loop *l)
{
	for (size_t i = 0; i < config->n_sources; i++) {
		const char *name = config->sources[i].connector;
		struct err e = ERR_INIT;
		bool before = false;
		char *path;

		for (size_t k = 0; k < i; k++)
			before = before || str_equal(config->sources[k].connector, name);
		if (before)
			continue;
		path = config_find(config, "connectors", "backends/catalog", name, &e);
		if (path)
			check_connector(c, l, name, path);
		else
			say(c, "connector", false, "%s", e.msg);
		free(path);
	}
}

static void check_health(struct checkup *c, struct headless *h)
{
	struct err e = ERR_INIT;
	json_t *rows = headless_ask(h, "sources", json_object(), &e), *row;
	size_t i;

	if (!rows)
		say(c, "sources", false, "%s", e.msg);
	json_array_foreach (rows, i, row) {
		const char *state = json_str(row, "state", "");

		say(c, "source",
			strcmp(state, "failing") != 0 && strcmp(state, "stale") != 0,
			"%s: %s %s", json_str(row, "name", ""), state,
			json_str(row, "error", ""));
	}
	json_decref(rows);
}

static void check_store(
	struct checkup *c, const struct arguments *a, const struct config *config)
{
	struct headless h = {.args = a};
	struct err e = ERR_INIT;
	long pid;

	h.store_path = a->store_path        ? xstrdup(a->store_path)
		       : config->store_path ? xstrdup(config->store_path)
					    : store_default_path(&e);
	h.loop = loop_new();
	h.store =
		h.store_path ? store_open(h.loop, h.store_path, STORE_CONSOLE, &e) : NULL;
	check_sources(c, config, h.loop);
	say(c, "store", h.store || e.code == ERR_NOTFOUND, "%s",
		h.store ? h.store_path : e.msg);
	if (h.store) {
		pid = worker_pid(h.store_path);
		if (pid)
			say(c, "worker", true, "runs, pid %ld", pid);
		else
			say(c, "worker", true, "none runs: the console starts one");
		check_health(c, &h);
		store_close(h.store);
	}
	loop_free(h.loop);
	free(h.store_path);
}

int cmd_doctor(const struct arguments *a)
{
	struct checkup c = {.args = a, .rows = json_array()};
	struct config config;
	struct err e = ERR_INIT;

	check_terminal(&c);
	if (config_load(&config, a->config_path, &e)) {
		say(&c, "config", true, "%s: %zu sources, operator %s",
			config.path ? config.path : "(none)", config.n_sources,
			config.operator_name);
		check_runbooks(&c, &config);
		check_store(&c, a, &config);
		config_release(&config);
	} else {
		say(&c, "config", false, "%s", e.msg);
	}
	if (a->json)
		print_json(c.rows);
	json_decref(c.rows);
	return c.bad ? EXIT_FAILED : EXIT_DONE;
}
