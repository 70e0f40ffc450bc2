/* What the connector tests share: a far side in Python, and a source on a connector that is written in the test. */
#ifndef TESTS_CONNECTOR_HELP_H
#define TESTS_CONNECTOR_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/file.h"
#include "backends/connector/connector.h"

#define HELP_WAIT_MS 20000

struct rig {
	char dir[128], path[200];
	struct loop *loop;
	struct http *http;
	struct pg *pg; /* set by tests that need them */
	struct ssh *ssh;
	struct config config;
	struct reach reach;
	struct source *source;
	pid_t server;
	int server_stdin, port;
};

struct got {
	bool done;
	json_t *records; /* as record_json, with detail */
	size_t unknown, refused, batches;
	char reason[500], since[100], gone[200];
	struct collect_result r;
};

static inline void write_text(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	if (!file_write(path, text, strlen(text), &e))
		fail_msg("%s", e.msg);
}

static inline int rig_start(struct rig *g)
{
	int to[2], from[2];
	char line[32] = "";
	struct err e = ERR_INIT;
	const char *tmp = getenv("TMPDIR");
	str_format(g->dir, sizeof(g->dir), "%s/wd-connector-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(g->dir) || pipe(to) || pipe(from))
		return -1;
	g->server = fork();
	if (g->server == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execlp("python3", "python3", "tests/servers/far_side.py", (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	g->server_stdin = to[1];
	if (g->server < 0 || read(from[0], line, sizeof(line) - 1) <= 0)
		return -1;
	close(from[0]);
	g->port = (int)strtol(line, NULL, 10);
	g->loop = loop_new();
	g->http = http_new(g->loop, &e);
	return g->http ? 0 : -1;
}

static inline void rig_close(struct rig *g)
{
	source_free(g->source);
	g->source = NULL;
	config_release(&g->config);
}

static inline int rig_stop(struct rig *g)
{
	static const char *const files[] = {"c.yaml", "config.yaml", "secret"};
	http_free(g->http);
	loop_free(g->loop);
	for (size_t i = 0; i < LENGTH(files); i++) {
		str_format(g->path, sizeof(g->path), "%s/%s", g->dir, files[i]);
		unlink(g->path);
	}
	close(g->server_stdin);
	int ended = waitpid(g->server, NULL, 0) == g->server ? 0 : -1;
	return rmdir(g->dir) == 0 ? ended : -1;
}

/* A source of a connector whose body (after connector and title) is `yaml`; `extra` are more lines of the configuration. */
static inline void rig_open(struct rig *g, const char *yaml, const char *extra)
{
	struct err e = ERR_INIT;
	char *text = xasprintf("connector: c\ntitle: Test\n%s", yaml);
	str_format(g->path, sizeof(g->path), "%s/secret", g->dir);
	write_text(g->path, "s3cret\n");
	str_format(g->path, sizeof(g->path), "%s/config.yaml", g->dir);
	char *conf = xasprintf("operator: m.ito\nsources:\n  s:\n    connector: c\n    "
			       "env: prod\n    url: http://127.0.0.1:%d\n%s",
		g->port, extra);
	write_text(g->path, conf);
	if (!config_load(&g->config, g->path, &e))
		fail_msg("%s", e.msg);
	str_format(g->path, sizeof(g->path), "%s/c.yaml", g->dir);
	write_text(g->path, text);
	struct connector *c = connector_load(g->path, &e);
	if (!c)
		fail_msg("%s", e.msg);
	g->reach = (struct reach){.loop = g->loop,
		.http = g->http,
		.pg = g->pg,
		.ssh = g->ssh,
		.config = &g->config};
	g->source = source_new(&g->reach, c, config_source(&g->config, "s"), &e);
	if (!g->source)
		fail_msg("%s", e.msg);
	free(text);
	free(conf);
}

static inline void got_batch(void *arg, const struct collect_batch *b)
{
	struct got *o = arg;
	o->batches++;
	o->unknown += b->unknown_states;
	o->refused += b->refused;
	if (b->reason && !o->reason[0])
		str_copy(o->reason, sizeof(o->reason), b->reason);
	for (size_t i = 0; i < b->n; i++) {
		json_t *v = record_json(&b->records[i]);
		json_object_set(v, "detail", b->records[i].detail);
		json_array_append_new(o->records, v);
	}
}

static inline void got_gone(void *arg, const char *id, const char *why)
{
	struct got *o = arg;
	size_t len = strlen(o->gone);
	str_format(o->gone + len, sizeof(o->gone) - len, "%s%s (%s)", len ? ", " : "", id,
		why);
}

static inline void got_done(void *arg, const struct collect_result *r)
{
	struct got *o = arg;
	assert_false(o->done);
	o->done = true;
	o->r = *r;
	str_copy(o->since, sizeof(o->since), r->since ? r->since : "");
}

static inline struct got rig_collect_from(
	struct rig *g, size_t collection, const char *since, const json_t *open_items)
{
	struct got o = {.records = json_array()};
	struct collect_fns fns = {got_batch, got_gone, got_done, &o};
	assert_non_null(source_collect(g->source, collection, since, open_items, &fns));
	assert_false(o.done);
	assert_true(loop_until(g->loop, &o.done, HELP_WAIT_MS));
	return o;
}

static inline struct got rig_collect(struct rig *g)
{
	return rig_collect_from(g, 0, NULL, NULL);
}

/* Opens, collects once, closes. */
static inline struct got rig_try(struct rig *g, const char *yaml, const char *extra)
{
	rig_open(g, yaml, extra);
	struct got o = rig_collect(g);
	rig_close(g);
	return o;
}

static inline void got_release(struct got *o)
{
	json_decref(o->records);
	o->records = NULL;
}

static inline const json_t *got_record(const struct got *o, const char *id)
{
	size_t i;
	json_t *v;
	json_array_foreach (o->records, i, v)
		if (strcmp(json_str(v, "id", ""), id) == 0)
			return v;
	fail_msg("no record %s of %zu", id, json_array_size(o->records));
	return NULL;
}

static inline void got_ok(const struct got *o, size_t n)
{
	if (o->r.err.code != ERR_NONE)
		fail_msg("%s: %s", err_code_name(o->r.err.code), o->r.err.msg);
	assert_int_equal(json_array_size(o->records), n);
}

static inline void got_fails(struct got *o, enum err_code code, const char *words)
{
	if (o->r.err.code != code || !strstr(o->r.err.msg, words))
		fail_msg("%s: %s", err_code_name(o->r.err.code), o->r.err.msg);
	assert_false(o->r.full);
	assert_string_equal(o->since, "");
	got_release(o);
}

struct seen_wait {
	bool done;
	json_t *body;
};

static inline void seen_came(void *arg, const struct http_reply *r)
{
	struct seen_wait *w = arg;
	struct err e = ERR_INIT;
	w->done = true;
	w->body = json_read(r->body, r->len, &e);
}

/* What the far side has got: {seen: [...], logins, acted}. New reference. */
static inline json_t *rig_seen(struct rig *g)
{
	struct seen_wait w = {0};
	char *url = xasprintf("http://127.0.0.1:%d/seen", g->port);
	struct http_request rq = {.method = "GET", .url = url};
	http_send(g->http, &rq, seen_came, &w);
	assert_true(loop_until(g->loop, &w.done, HELP_WAIT_MS));
	free(url);
	assert_non_null(w.body);
	return w.body;
}

#endif
