/* watchdesk doctor: everything that can be wrong on this side, one line each. */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/store/pulse.h"
#include "runbooks/engine/job.h"
#include "tui/headless/headless.h"
#include "tui/theme.h"

#define CHECKUP_WITHIN_MS 150000
#define TRY_WRITE_MS 1000

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_BAD };

struct checkup {
	const struct arguments *args;
	json_t *rows;
	int status; /* of the worst that was found */
};

static void say(struct checkup *c, const char *what, enum level level, const char *fmt,
	...) PRINTF_LIKE(4, 5);

static void say(
	struct checkup *c, const char *what, enum level level, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warn", "BAD"}, *const names[] = {"ok",
									  "warn", "bad"};
	struct str text = STR_INIT_MAX(2000);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	if (level == LEVEL_BAD && c->status == EXIT_DONE)
		c->status = EXIT_FAILED;
	if (c->args->json)
		json_array_append_new(
			c->rows, json_pack("{s:s, s:b, s:s, s:s}", "check", what, "ok",
					 level != LEVEL_BAD, "level", names[level],
					 "text", text.buf));
	else
		printf("%-4s %-12s %s\n", words[level], what, text.buf);
	str_release(&text);
}

/* What a file of the user's says wrongly, so that no program can work as it is meant to. */
static void say_wrong(struct checkup *c, const char *what, const char *text)
{
	say(c, what, LEVEL_BAD, "%s", text);
	c->status = EXIT_BAD_CONFIG;
}

static void check_terminal(struct checkup *c)
{
	const char *term = getenv("TERM"), *set = nl_langinfo(CODESET);

	say(c, "terminal", term && term[0] ? LEVEL_OK : LEVEL_BAD,
		"TERM=%s, character set %s%s", term ? term : "", set,
		strcmp(set, "UTF-8") == 0 ? "" : ": drawn in ASCII");
}

/* ---- the configuration ----------------------------------------------------------------- */

static void check_theme(
	struct checkup *c, const struct arguments *a, const struct config *config)
{
	const char *name = a->theme ? a->theme : config->theme;
	struct err e = ERR_INIT;
	struct theme theme;

	if (name && !theme_load(&theme, name, &e))
		say_wrong(c, "theme", e.msg);
}

static void check_env(struct checkup *c, const struct config *config, const char *what,
	const char *name, const char *env)
{
	if (environment_class(&config->environments, env))
		return;
	if (env && env[0])
		say(c, "env", LEVEL_WARN,
			"%s %s: \"%s\" is no known environment, so actions on it are "
			"gated as in production: see `environments:`",
			what, name, env);
	else
		say(c, "env", LEVEL_WARN,
			"%s %s has no `env:`, so actions on it are gated as in "
			"production",
			what, name);
}

static void check_host(struct checkup *c, const struct config_host *host)
{
	const char *files[] = {
		host->ssh.identity, host->ssh.known_hosts, host->ssh.config};

	for (size_t i = 0; i < LENGTH(files); i++)
		if (files[i] && access(files[i], R_OK) != 0) {
			say(c, "host", LEVEL_BAD, "%s: %s: %s", host->name, files[i],
				strerror(errno));
			c->status = EXIT_BAD_CONFIG;
		}
}

static void check_config(
	struct checkup *c, const struct arguments *a, const struct config *config)
{
	if (access(config->path, F_OK) != 0) {
		say(c, "config", LEVEL_BAD,
			"%s: there is no such file: `watchdesk help config` says what "
			"belongs into it",
			config->path);
		c->status = EXIT_BAD_CONFIG;
	} else {
		say(c, "config", LEVEL_OK, "%s: %zu sources, operator %s", config->path,
			config->n_sources, config->operator_name);
	}
	check_theme(c, a, config);
	for (size_t i = 0; i < config->n_sources; i++)
		check_env(c, config, "source", config->sources[i].name,
			config->sources[i].env);
	for (size_t i = 0; i < config->n_hosts; i++) {
		check_env(c, config, "host", config->hosts[i].name, config->hosts[i].env);
		check_host(c, &config->hosts[i]);
	}
}

/* ---- the worker's half ----------------------------------------------------------------- */

struct output {
	struct str out, text;
	bool done;
	int status;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct output *o = arg;

	str_add(stream == 2 ? &o->text : &o->out, bytes, len);
}

static void on_ended(void *arg, int status, bool timed_out)
{
	struct output *o = arg;

	o->done = true;
	o->status = timed_out ? -1 : status;
}

static void say_rows(struct checkup *c, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *level = json_str(row, "level", "bad"),
			   *what = json_str(row, "check", ""),
			   *text = json_str(row, "text", "");

		if (strcmp(level, "bad") == 0)
			say_wrong(c, what, text);
		else
			say(c, what, strcmp(level, "ok") == 0 ? LEVEL_OK : LEVEL_WARN,
				"%s", text);
	}
}

/* The program that may speak to sources checks the files that say how, and the secrets: runbooks/engine/checkup.h. */
static void check_far(struct checkup *c, struct loop *l, const struct config *config)
{
	struct output o = {
		.out = STR_INIT_MAX((size_t)4 << 20), .text = STR_INIT_MAX(8192)};
	char *folder = file_exe_dir(),
	     *program = xasprintf("%s/watchdesk-worker", folder);
	/* A default file need not be there, and one that is named must. */
	const char *named = c->args->config_path ? "--config" : NULL;
	const char *argv[] = {program, "checkup", named, config->path, NULL};
	/* All of the environment: secrets may come from it. */
	struct loop_child_spec spec = {.argv = argv,
		.env = (const char *const *)environ,
		.deadline_ms = CHECKUP_WITHIN_MS,
		.on_output = on_output,
		.on_exit = on_ended,
		.arg = &o};
	struct err e = ERR_INIT;
	json_t *rows = NULL;

	if (loop_spawn(l, &spec, &e) &&
		loop_until(l, &o.done, CHECKUP_WITHIN_MS + 5000) && o.status == 0)
		rows = json_read(o.out.buf, o.out.len, &e);
	if (json_is_array(rows))
		say_rows(c, rows);
	else
		say(c, "worker", LEVEL_BAD, "%s gave no answer: %s%s", program, e.msg,
			o.text.buf);
	json_decref(rows);
	str_release(&o.out);
	str_release(&o.text);
	free(program);
	free(folder);
}

/* ---- the store ------------------------------------------------------------------------- */

static void check_health(struct checkup *c, struct headless *h)
{
	struct err e = ERR_INIT;
	json_t *rows = headless_ask(h, "sources", json_object(), &e), *row;
	size_t i;

	if (!rows)
		say(c, "sources", LEVEL_BAD, "%s", e.msg);
	json_array_foreach (rows, i, row) {
		const char *state = json_str(row, "state", "");
		bool ok = strcmp(state, "failing") != 0 && strcmp(state, "stale") != 0;

		say(c, "source", ok ? LEVEL_OK : LEVEL_BAD, "%s: %s %s",
			json_str(row, "name", ""), state, json_str(row, "error", ""));
	}
	json_decref(rows);
}

/* There is no store yet. Can the worker make one? */
static void check_folder(struct checkup *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash > path ? xstrndup(path, (size_t)(slash - path))
					     : xstrdup(slash ? "/" : ".");
	struct err e = ERR_INIT;

	if (!file_mkdirs(folder, &e))
		say(c, "store", LEVEL_BAD, "%s", e.msg);
	else if (access(folder, W_OK | X_OK) != 0)
		say(c, "store", LEVEL_BAD, "%s: no store can be made there: %s", folder,
			strerror(errno));
	else
		say(c, "store", LEVEL_OK, "%s: none yet, the worker makes it", path);
	free(folder);
}

/* The worker's word for it, and a try of our own: it may be stuck, or none may run. */
static void check_writes(struct checkup *c, const char *store_path, long pid)
{
	struct str words = STR_INIT_MAX(500);
	struct pulse pulse;
	struct err e = ERR_INIT;

	pulse_read(store_path, &pulse);
	bool said = (pid || pulse.state == PULSE_SILENT) && pulse_words(&pulse, &words);
	if (said)
		say(c, "store", LEVEL_BAD, "%s", words.buf);
	else if (!store_try_write(store_path, TRY_WRITE_MS, &e))
		say(c, "store", LEVEL_BAD, "%s", e.msg);
	str_release(&words);
}

static void check_open(struct checkup *c, struct headless *h)
{
	long pid = worker_pid(h->store_path);

	say(c, "store", LEVEL_OK, "%s", h->store_path);
	check_writes(c, h->store_path, pid);
	if (pid)
		say(c, "worker", LEVEL_OK, "runs, pid %ld", pid);
	else
		say(c, "worker", LEVEL_OK, "none runs: the console starts one");
	check_health(c, h);
	store_close(h->store);
}

static void check_store(struct checkup *c, const struct config *config, struct loop *l)
{
	struct headless h = {.args = c->args, .loop = l};
	struct err e = ERR_INIT;

	h.store_path = c->args->store_path  ? xstrdup(c->args->store_path)
		       : config->store_path ? xstrdup(config->store_path)
					    : store_default_path(&e);
	h.store = h.store_path ? store_open(l, h.store_path, STORE_CONSOLE, &e) : NULL;
	if (h.store)
		check_open(c, &h);
	else if (h.store_path && e.code == ERR_NOTFOUND)
		check_folder(c, h.store_path);
	else
		say(c, "store", LEVEL_BAD, "%s", e.msg);
	free(h.store_path);
}

int cmd_doctor(const struct arguments *a)
{
	struct checkup c = {.args = a, .rows = json_array()};
	struct loop *l = loop_new();
	struct config config;
	struct err e = ERR_INIT;

	check_terminal(&c);
	if (config_load(&config, a->config_path, &e)) {
		check_config(&c, a, &config);
		check_far(&c, l, &config);
		check_store(&c, &config, l);
		config_release(&config);
	} else {
		say_wrong(&c, "config", e.msg);
	}
	loop_free(l);
	if (a->json)
		print_json(c.rows);
	json_decref(c.rows);
	return c.status;
}
