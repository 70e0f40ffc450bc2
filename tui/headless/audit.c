/* watchdesk audit: what was asked, sent and answered, and whether its chain of hashes is whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "tui/headless/headless.h"

enum { PAGE = 500 };

static void print_row(const json_t *row)
{
	char at[40], *body = json_line(json_sub(row, "body"));

	clock_format(at, sizeof(at), json_int(row, "at", 0), false);
	printf("%lld  %s  %s@%s  %s  %s\n", json_int(row, "seq", 0), at,
		json_str(row, "who", ""), json_str(row, "host", ""),
		json_str(row, "event", ""), body);
	free(body);
}

/* Page by page; of one action when job is not 0. `keep`: only the newest so many, 0: all. */
static bool print_rows(struct headless *h, long long job, long long keep, struct err *e)
{
	json_t *held = json_array(), *rows, *row;
	bool hold = h->args->json || keep > 0, ok;
	long long after = 0;
	size_t i, n;

	do {
		rows = headless_ask(h, "audit",
			json_pack("{s:I, s:I, s:i}", "after", (json_int_t)after, "job",
				(json_int_t)job, "limit", PAGE),
			e);
		ok = rows != NULL;
		n = json_array_size(rows);
		json_array_foreach (rows, i, row) {
			after = json_int(row, "seq", after);
			if (!hold)
				print_row(row);
			else
				json_array_append(held, row);
		}
		while (keep > 0 && (long long)json_array_size(held) > keep)
			json_array_remove(held, 0);
		json_decref(rows);
	} while (n == PAGE);
	if (ok && h->args->json)
		print_json(held);
	else if (ok)
		json_array_foreach (held, i, row)
			print_row(row);
	json_decref(held);
	return ok;
}

/* A head that was kept elsewhere must still be in the chain: that finds an end that was cut off, or a chain made anew. */
static bool holds(struct headless *h, const char *head, bool *yes, struct err *e)
{
	const char *colon = strchr(head, ':');
	char *number = colon ? xstrndup(head, (size_t)(colon - head)) : NULL;
	long long seq = 0;
	bool ok = number && str_to_int(number, &seq) && seq > 0 && strlen(colon) == 65;
	json_t *rows;

	free(number);
	if (!ok)
		return err_set(e, ERR_USAGE,
			"\"%s\" is no head: SEQ:HASH, as `watchdesk audit verify` prints "
			"it",
			head);
	rows = headless_ask(h, "audit",
		json_pack("{s:I, s:i}", "after", (json_int_t)seq - 1, "limit", 1), e);
	*yes = json_int(json_array_get(rows, 0), "seq", 0) == seq &&
	       str_equal(json_str(json_array_get(rows, 0), "hash", ""), colon + 1);
	ok = rows != NULL;
	json_decref(rows);
	return ok;
}

static int say_verdict(const struct headless *h, json_t *verdict, const char *lost)
{
	bool ok = json_flag(verdict, "ok", false) && !lost;

	if (lost)
		json_object_set_new(verdict, "lost", json_string(lost));
	json_object_set_new(verdict, "ok", json_boolean(ok));
	if (h->args->json)
		print_json(verdict);
	else if (lost)
		printf("BROKEN: %s is not in the audit any more: its end was cut off, or "
		       "it was made anew\n",
			lost);
	else if (!ok)
		printf("BROKEN: %s\n", json_str(verdict, "problem", ""));
	else
		printf("whole, head %lld:%s\n", json_int(verdict, "rows", 0),
			json_str(verdict, "head", ""));
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static int verify(struct headless *h, const char *head)
{
	struct err e = ERR_INIT;
	json_t *verdict = headless_ask(h, "audit_verify", json_object(), &e);
	bool there = true;
	int status;

	if (!verdict || (head && !holds(h, head, &there, &e))) {
		json_decref(verdict);
		return headless_fail(&e);
	}
	status = say_verdict(h, verdict, there ? NULL : head);
	json_decref(verdict);
	return status;
}

static int list(struct headless *h, const char *job)
{
	struct err e = ERR_INIT;
	long long number = 0;

	if (job && (!str_to_int(job, &number) || number <= 0)) {
		fprintf(stderr,
			"watchdesk: \"%s\" is neither `verify` nor the number of an "
			"action\n",
			job);
		return EXIT_WRONG_CALL;
	}
	return print_rows(h, number, h->args->limit, &e) ? EXIT_DONE : headless_fail(&e);
}

int cmd_audit(const struct arguments *a)
{
	struct headless h;
	bool check = a->n_rest > 0 && strcmp(a->rest[0], "verify") == 0;
	int status;

	if (a->n_rest > (check ? 2 : 1)) {
		fprintf(stderr, "usage: watchdesk audit [ACTION] | verify [SEQ:HASH]\n");
		return EXIT_WRONG_CALL;
	}
	if (!headless_open(&h, a, false, &status))
		return status;
	status = check ? verify(&h, a->n_rest == 2 ? a->rest[1] : NULL)
		       : list(&h, a->n_rest == 1 ? a->rest[0] : NULL);
	headless_close(&h);
	return status;
}
