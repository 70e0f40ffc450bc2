/*
 * ingest STORE CATALOG PAGES: what it costs from an HTTP body to a stored row, as a multiple of bare jansson parsing the same bytes.
 * An Airflow on loopback answers pages of 100 runs; collector, mapping, triage and store are the real ones. Prints one line:
 * "ROWS BYTES PIPELINE_MS PARSE_MS", CPU time of this process.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
	pid_t server;
	size_t rows, puts;
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

/* ---- a server that knows two paths: a process of its own, so that its work is not in the figure ---------- */

struct pages {
	struct str *page;
	size_t n;
};

static void make_pages(struct pages *p, size_t n)
{
	p->n = n;
	p->page = xcalloc(n, sizeof(*p->page));
	for (size_t i = 0; i < n; i++) {
		str_init(&p->page[i], STR_MAX_DEFAULT);
		page_json(&p->page[i], i, n);
	}
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool answer(const struct pages *p, int fd, const char *request)
{
	static const char token[] = "{\"access_token\":\"t\"}";
	const char *offset = strstr(request, "offset="), *body = token;
	char head[200], *end;
	size_t len = strlen(token);

	if (!strstr(request, "/auth/token")) {
		size_t i = offset ? strtoul(offset + 7, &end, 10) / PAGE : 0;

		body = p->page[i % p->n].buf;
		len = p->page[i % p->n].len;
	}
	str_format(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
		"%zu\r\n\r\n",
		len);
	return send_all(fd, head, strlen(head)) && send_all(fd, body, len);
}

/* One connection after the other: the collector asks for one page at a time. Ends with its parent. */
static void __attribute__((noreturn)) serve_for_ever(const struct pages *p, int listener)
{
	static char bytes[65536];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL), one = 1;
		ssize_t n;

		if (fd < 0)
			_exit(1);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while ((n = read(fd, bytes, sizeof(bytes) - 1)) > 0) {
			bytes[n] = '\0';
			if (!answer(p, fd, bytes))
				break;
		}
		close(fd);
	}
}

static int serve(struct ingest *in, const struct pages *p)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 16) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		die(1, "no loopback server");
	in->server = fork();
	if (in->server == 0)
		serve_for_ever(p, fd);
	close(fd);
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

/* The same bytes through jansson alone. */
static double parse_all(const struct pages *p)
{
	double from = cpu_ms();

	for (size_t i = 0; i < p->n; i++)
		json_decref(json_loadb(p->page[i].buf, p->page[i].len, 0, NULL));
	return cpu_ms() - from;
}

static struct source *open_source(struct ingest *in, struct reach *reach,
	struct config *config, const struct pages *p, const char *folder,
	const char *catalog)
{
	char *path = xasprintf("%s/ingest.yaml", folder),
	     *file = xasprintf("%s/airflow3.yaml", catalog);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct source *s = NULL;

	str_addf(&text,
		"sources:\n  bench: {connector: airflow3, url: "
		"\"http://127.0.0.1:%d\"}\n",
		serve(in, p));
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

static void run(
	struct ingest *in, const char *folder, const char *catalog, const struct pages *p)
{
	struct collect_fns fns = {.batch = on_batch, .done = on_collected, .arg = in};
	struct config config;
	struct reach reach = {.loop = NULL};
	struct err e = ERR_INIT;
	struct triage_hook *triage = triage_hook_new(NULL, NULL, &e);
	char *path = xasprintf("%s/ingest.db", folder);
	struct source *source;
	size_t bytes = 0;
	double used, parse[2];

	in->store = store_open(in->loop, path, STORE_WORKER, &e);
	if (!in->store)
		die(1, "%s", e.msg);
	store_set_triage(in->store, triage_hook(triage));
	source = open_source(in, &reach, &config, p, folder, catalog);
	for (size_t i = 0; i < p->n; i++)
		bytes += p->page[i].len;
	/* Before and after, for the machine may be slower at one end than at the other. */
	parse[0] = parse_all(p);
	used = cpu_ms();
	source_collect(source, 0, NULL, NULL, &fns);
	if (!loop_until(in->loop, &in->done, 120000) || in->failed)
		die(1, "not all was stored");
	used = cpu_ms() - used;
	parse[1] = parse_all(p);
	printf("%zu %zu %.1f %.1f\n", in->rows, bytes, used, (parse[0] + parse[1]) / 2);
	free(path);
}

int main(int argc, char **argv)
{
	struct ingest in = {.server = 0};
	struct pages pages;
	size_t n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (n == 0)
		die(2, "usage: ingest FOLDER CATALOG PAGES");
	make_pages(&pages, n);
	in.loop = loop_new();
	run(&in, argv[1], argv[2], &pages);
	kill(in.server, SIGKILL);
	waitpid(in.server, NULL, 0);
	return 0;
}
