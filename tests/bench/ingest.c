/*
 * ingest STORE CATALOG PAGES: what it costs from an HTTP body to a stored row, as a multiple of bare jansson parsing the same bytes.
 * An Airflow on this loop answers pages of 100 runs; collector, mapping, triage and store are the real ones. Prints one line:
 * "ROWS BYTES PIPELINE_MS PARSE_MS", CPU time of this process.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/connector/connector.h"
#include "backends/store/store.h"
#include "backends/triage/attention.h"

#define PAGE 100

struct ingest {
	struct loop *loop;
	struct store *store;
	size_t pages, rows, puts;
	bool collected, done, failed;
};

static void run_json(struct str *out, size_t n)
{
	str_addf(out,
		"{\"dag_run_id\":\"scheduled__2026-11-%02zuT%02zu:%02zu:00+00:00\",\"dag_"
		"id\":\"pipeline_%03zu\","
		"\"dag_display_name\":\"pipeline_%03zu\",\"logical_date\":\"2026-11-%"
		"02zuT00:00:00Z\","
		"\"queued_at\":\"2026-11-22T10:00:00.123456Z\",\"start_date\":\"2026-11-"
		"22T10:00:%02zu.5Z\","
		"\"end_date\":\"2026-11-22T10:05:%02zu.25Z\",\"duration\":300.25,"
		"\"data_interval_start\":\"2026-11-22T00:00:00Z\",\"data_interval_end\":"
		"\"2026-11-23T00:00:00Z\","
		"\"run_after\":\"2026-11-22T10:00:00Z\",\"last_scheduling_decision\":"
		"\"2026-11-22T10:05:00Z\","
		"\"run_type\":\"scheduled\",\"state\":\"success\",\"triggered_by\":"
		"\"timetable\","
		"\"triggering_user_name\":null,\"conf\":{},\"note\":null,\"dag_"
		"versions\":[],\"bundle_version\":null}",
		n % 28 + 1, n / 28 % 24, n / 672 % 60, n % 400, n % 400, n % 28 + 1,
		n % 60, n % 60);
}

static void page_json(struct str *out, size_t page, size_t pages)
{
	str_adds(out, "{\"dag_runs\":[");
	for (size_t i = 0; i < PAGE; i++) {
		str_adds(out, i ? "," : "");
		run_json(out, page * PAGE + i);
	}
	str_addf(out, "],\"total_entries\":%zu}", pages * PAGE);
}

/* ---- a server that knows three paths ---------------------------------------------------- */

static void answer(struct ingest *in, int fd, const char *request)
{
	struct str body = STR_INIT, head = STR_INIT;
	const char *offset = strstr(request, "offset=");
	char *end;

	if (strstr(request, "/auth/token"))
		str_adds(&body, "{\"access_token\":\"t\"}");
	else
		page_json(&body, offset ? strtoul(offset + 7, &end, 10) / PAGE : 0,
			in->pages);
	str_addf(&head,
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
		"%zu\r\n\r\n",
		body.len);
	/* In one write: else the second waits for the acknowledgement of the first. */
	str_add(&head, body.buf, body.len);
	if (write(fd, head.buf, head.len) != (ssize_t)head.len)
		in->failed = true;
	str_release(&head);
	str_release(&body);
}

struct client {
	struct ingest *in;
	struct loop_watch *watch;
};

static void on_request(struct loop *l, int fd, unsigned events, void *arg)
{
	struct client *c = arg;
	static char bytes[65536];
	ssize_t n = read(fd, bytes, sizeof(bytes) - 1);

	(void)events;
	if (n <= 0) {
		loop_unwatch(l, c->watch);
		close(fd);
		free(c);
		return;
	}
	bytes[n] = '\0';
	answer(c->in, fd, bytes);
}

static void on_connect(struct loop *l, int fd, unsigned events, void *arg)
{
	int client = accept(fd, NULL, NULL);
	struct client *c;

	(void)events;
	if (client < 0)
		return;
	c = xcalloc(1, sizeof(*c));
	c->in = arg;
	c->watch = loop_watch(l, client, LOOP_READ, on_request, c);
}

static int serve(struct ingest *in)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 16) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		die(1, "no loopback server");
	loop_watch(in->loop, fd, LOOP_READ, on_connect, in);
	return ntohs(at.sin_port);
}

/* ---- collecting -------------------------------------------------------------------------- */

static void settle(struct ingest *in)
{
	in->done = in->collected && in->puts == 0;
}

static void on_put(void *arg, const struct store_put_result *r)
{
	struct ingest *in = arg;

	in->puts--;
	in->failed = in->failed || r->err != NULL;
	settle(in);
}

static void on_batch(void *arg, const struct collect_batch *b)
{
	struct ingest *in = arg;

	in->rows += b->n;
	if (b->n == 0)
		return;
	in->puts++;
	store_put(in->store, b->records, b->n, on_put, in);
}

static void on_collected(void *arg, const struct collect_result *r)
{
	struct ingest *in = arg;

	if (r->err.code != ERR_NONE)
		die(1, "%s", r->err.msg);
	in->collected = true;
	settle(in);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double parse_all(size_t pages, size_t *bytes)
{
	double used = 0;

	for (size_t i = 0; i < pages; i++) {
		struct str body = STR_INIT;
		double from;

		page_json(&body, i, pages);
		from = cpu_ms();
		json_decref(json_loadb(body.buf, body.len, 0, NULL));
		used += cpu_ms() - from;
		*bytes += body.len;
		str_release(&body);
	}
	return used;
}

/* The server's own work is measured apart and taken off. */
static double serve_all(size_t pages)
{
	double from = cpu_ms();

	for (size_t i = 0; i < pages; i++) {
		struct str body = STR_INIT;

		page_json(&body, i, pages);
		str_release(&body);
	}
	return cpu_ms() - from;
}

static struct source *open_source(struct ingest *in, struct reach *reach,
	struct config *config, const char *folder, const char *catalog)
{
	char *path = xasprintf("%s/ingest.yaml", folder),
	     *file = xasprintf("%s/airflow3.yaml", catalog);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct source *s = NULL;

	str_addf(&text,
		"sources:\n  bench: {connector: airflow3, url: "
		"\"http://127.0.0.1:%d\"}\n",
		serve(in));
	if (file_write(path, text.buf, text.len, &e) && config_load(config, path, &e)) {
		struct connector *c = connector_load(file, &e);

		reach->loop = in->loop;
		reach->config = config;
		reach->http = http_new(in->loop, &e);
		s = c ? source_new(reach, c, config_source(config, "bench"), &e) : NULL;
	}
	if (!s)
		die(1, "%s", e.msg);
	unlink(path);
	free(path);
	free(file);
	str_release(&text);
	return s;
}

int main(int argc, char **argv)
{
	struct ingest in = {.pages = 100};
	struct config config;
	struct reach reach = {.loop = NULL};
	struct err e = ERR_INIT;
	struct collect_fns fns = {.batch = on_batch, .done = on_collected, .arg = &in};
	struct triage_hook *triage = triage_hook_new(NULL, &e);
	struct source *source;
	size_t bytes = 0;
	double from, used, parse, served;

	if (argc != 4)
		die(2, "usage: ingest FOLDER CATALOG PAGES");
	in.pages = strtoul(argv[3], NULL, 10);
	in.loop = loop_new();
	{
		char *path = xasprintf("%s/ingest.db", argv[1]);

		in.store = store_open(in.loop, path, STORE_WORKER, &e);
		free(path);
	}
	if (!in.store)
		die(1, "%s", e.msg);
	store_set_triage(in.store, triage_hook(triage));
	source = open_source(&in, &reach, &config, argv[1], argv[2]);
	parse = parse_all(in.pages, &bytes);
	served = serve_all(in.pages);
	from = cpu_ms();
	source_collect(source, 0, NULL, NULL, &fns);
	if (!loop_until(in.loop, &in.done, 120000) || in.failed)
		die(1, "not all was stored");
	used = cpu_ms() - from - served;
	printf("%zu %zu %.1f %.1f\n", in.rows, bytes, used, parse);
	return 0;
}
