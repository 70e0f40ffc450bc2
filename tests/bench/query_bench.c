/*
 * query_bench PATH [PART-OF-A-NAME]: what the console's queries cost on a filled store, from the call to the last callback, in ms (p50, worst).
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/store/store.h"

enum { ROUNDS = 40 };

struct bench {
	struct loop *loop;
	struct store *store;
	bool done;
	size_t total, n;
	long long anchor;
	int64_t first_us; /* to the first callback */
	int64_t began;
	const char *only; /* part of the names that are measured, NULL: all */
};

static void got(void *arg, const struct store_rows *rows)
{
	struct bench *b = arg;

	if (rows->err != NULL)
		die(1, "query: %s", rows->err->msg);
	if (b->first_us == 0)
		b->first_us = clock_mono_us() - b->began;
	b->done = rows->complete;
	b->total = rows->total;
	b->n = rows->n;
	if (rows->n > 0)
		b->anchor = rows->rows[rows->n / 2].rid;
}

/* The time of the processor: what a busy machine does not change. */
static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t once(struct bench *b, const struct store_query *q)
{
	b->began = clock_mono_us();
	b->first_us = 0;
	b->done = false;
	(void)store_query(b->store, q, got, b);
	if (!loop_until(b->loop, &b->done, 20000))
		die(1, "no answer");
	return clock_mono_us() - b->began;
}

/* A changed `first` each time pages through kept positions; otherwise another query in between makes them void. */
static void measure(struct bench *b, const char *name, struct store_query q,
	const char *filter, bool kept)
{
	int64_t times[ROUNDS], firsts[ROUNDS], cpus[ROUNDS];
	struct err e;

	if (b->only != NULL && strstr(name, b->only) == NULL)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		struct filter *f = NULL;
		char text[200];
		/* a term that matches everything makes each round a filter of its own */
		str_format(text, sizeof(text), "%s !cost>%d", filter, 900000 + i);
		if (filter[0] != '\0' &&
			(f = filter_parse(kept ? filter : text, "me", &e)) == NULL)
			die(1, "%s", e.msg);
		q.filter = f;
		if (kept)
			q.first = (size_t)i * q.count;
		else if (filter[0] == '\0')
			q.kinds = 0xff00u << i % 16 |
				  0x7f; /* bits of no kind: another list each time */
		cpus[i] = cpu_us();
		times[i] = once(b, &q);
		cpus[i] = cpu_us() - cpus[i];
		firsts[i] = b->first_us;
		if (kept && i == 0)
			times[i] = 0;
		filter_free(f);
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	qsort(cpus, ROUNDS, sizeof(cpus[0]), compare);
	qsort(firsts, ROUNDS, sizeof(firsts[0]), compare);
	printf("%-34s %7.2f %7.2f   cpu %7.2f   first %7.2f   %zu of %zu\n", name,
		(double)times[ROUNDS / 2] / 1000, (double)times[ROUNDS - 1] / 1000,
		(double)cpus[ROUNDS / 2] / 1000, (double)firsts[ROUNDS / 2] / 1000, b->n,
		b->total);
}

static long rss_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0, all;

	if (f != NULL && fscanf(f, "%ld %ld", &all, &pages) != 2)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * 4;
}

int main(int argc, char **argv)
{
	struct bench b = {.loop = loop_new()};
	struct err e;
	struct store_query triage = {.need_only = true, .fold_groups = true, .count = 50};
	struct store_query all = {.count = 50};

	if (argc < 2 || argc > 3)
		die(2, "usage: query_bench PATH [PART-OF-A-NAME]");
	b.only = argv[2];
	mallopt(M_MMAP_THRESHOLD,
		128 * 1024); /* large arrays go back to the system when freed */
	int64_t t = clock_mono_us();
	b.store = store_open(b.loop, argv[1], STORE_CONSOLE, &e);
	if (b.store == NULL)
		die(1, "%s", e.msg);
	printf("open %.2f ms\n", (double)(clock_mono_us() - t) / 1000);
	printf("first triage page %.2f ms, RSS %ld kB\n",
		(double)once(&b, &triage) / 1000, rss_kb());
	measure(&b, "triage, page by page (kept)", triage, "", true);
	measure(&b, "all, page by page (kept)", all, "", true);
	measure(&b, "all, no filter", all, "", false);
	measure(&b, "filter common (orders)", all, "orders", false);
	measure(&b, "filter o", all, "o", false);
	measure(&b, "filter rare (title)", all, "clicks_backfill_17", false);
	measure(&b, "filter rare (id)", all, "inc0000017", false);
	measure(&b, "filter absent", all, "zebrafish", false);
	measure(&b, "filter absent with digits", all, "2025-13-99", false);
	measure(&b, "filter three words", all, "orders team-1 prod", false);
	measure(&b, "filter state, env, word", all, "state:failed env:prod orders",
		false);
	measure(&b, "triage filter common", triage, "orders", false);
	for (int sort = SORT_UPDATED; sort < SORT_COUNT; sort++) {
		struct store_query q = all;
		char name[40];
		q.sort = (enum store_sort)sort;
		str_format(name, sizeof(name), "sort %d, no filter", sort);
		measure(&b, name, q, "", false);
	}
	printf("RSS %ld kB\n", rss_kb());
	store_close(b.store);
	loop_free(b.loop);
	return 0;
}
