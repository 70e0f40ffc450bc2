/* What the connector tests share: a far side in Python, and a source on a connector that is written in the test. */
#ifndef TESTS_CONNECTOR_HELP_H
#define TESTS_CONNECTOR_HELP_H

#include "backends/base/file.h"
#include "backends/base/secret.h"
#include "backends/connector/connector.h"
#include "tests/unit/server_help.h"

#define HELP_WAIT_MS 60000

struct rig {
	char dir[128], path[200];
	struct loop *loop;
	struct http *http;
	struct pg *pg; /* set by tests that need them */
	struct ssh *ssh;
	struct config config;
	struct reach reach;
	struct source *source;
	struct server server;
};

static struct rig rig;

static inline void write_text(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	if (!file_write(path, text, strlen(text), &e))
		fail_msg("%s", e.msg);
}

static inline int rig_start(struct rig *g)
{
	struct err e = ERR_INIT;
	const char *tmp = getenv("TMPDIR");
	str_format(g->dir, sizeof(g->dir), "%s/wd-connector-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(g->dir) ||
		server_start(&g->server, "tests/servers/far_side.py", NULL))
		return -1;
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
	secret_forget(g->loop);
	loop_free(g->loop);
	for (size_t i = 0; i < LENGTH(files); i++) {
		str_format(g->path, sizeof(g->path), "%s/%s", g->dir, files[i]);
		unlink(g->path);
	}
	int ended = server_end(&g->server);
	return rmdir(g->dir) == 0 ? ended : -1;
}

/* For cmocka: a program has one rig. */
static inline int rig_setup(void **state)
{
	(void)state;
	return rig_start(&rig);
}

static inline int rig_teardown(void **state)
{
	(void)state;
	return rig_stop(&rig);
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
		g->server.port, extra);
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
	char *url = xasprintf("http://127.0.0.1:%d/seen", g->server.port);
	struct http_request rq = {.method = "GET", .url = url};
	http_send(g->http, &rq, seen_came, &w);
	assert_true(loop_until(g->loop, &w.done, HELP_WAIT_MS));
	free(url);
	assert_non_null(w.body);
	return w.body;
}

#endif
