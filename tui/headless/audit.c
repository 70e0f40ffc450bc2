/* watchdesk audit: what was asked, sent and answered, and whether its chain of hashes is whole. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "tui/headless/headless.h"

enum { PAGE = 500 };

/* What an event says, as the rest of "m.ito@desk ...". The bodies: runbooks/engine/job.h and what it points to. */
static void say_intent(struct str *out, const json_t *body)
{
	const char *reason = json_str(body, "reason", "");
	size_t n = json_array_size(json_sub(body, "targets"));

	str_addf(out, "starts %s (%s) on %s", json_str(body, "runbook", "?"),
		json_str(body, "risk", "?"),
		n ? json_string_value(json_array_get(json_sub(body, "targets"), 0))
		  : "?");
	if (n > 1)
		str_addf(out, " and %zu more", n - 1);
	n = json_array_size(json_sub(body, "requests"));
	str_addf(out, ", %zu request%s, reason: %s", n, n == 1 ? "" : "s",
		reason[0] ? reason : "none");
}

static void say_resumed(struct str *out, const json_t *body)
{
	str_addf(out, "takes up %s again after a worker's end; nothing is sent twice",
		json_str(body, "runbook", "?"));
}

static void say_refused(struct str *out, const json_t *body)
{
	str_addf(out, "was refused %s: %s", json_str(body, "runbook", "?"),
		json_str(body, "why", ""));
}

static void say_request(struct str *out, const json_t *body)
{
	str_addf(out, "sends for %s: %s", json_str(body, "key", "?"),
		json_str(body, "request", ""));
}

static void say_reply(struct str *out, const json_t *body)
{
	const char *class = json_str(body, "class", "none");

	str_addf(out, "got for target %lld%s%s: %s", json_int(body, "n", 0) + 1,
		strcmp(class, "none") == 0 ? "" : " the error ",
		strcmp(class, "none") == 0 ? "" : class, json_str(body, "known", ""));
}

static void say_answer(struct str *out, const json_t *body)
{
	str_addf(out, "answers %s to target %lld: %s", json_str(body, "answer", "?"),
		json_int(body, "n", 0) + 1, json_str(body, "question", ""));
}

static void say_target(struct str *out, const json_t *body)
{
	str_addf(out, "%s ended %s: %s", json_str(body, "key", "?"),
		json_str(body, "state", "?"), json_str(body, "known", ""));
}

/* How many of each, whatever outcomes there are. */
static void say_outcome(struct str *out, const json_t *body)
{
	json_t *all = (json_t *)(uintptr_t)body, *v;
	const char *name, *comma = " (";

	str_addf(out, "all ended %s", json_str(body, "state", "?"));
	json_object_foreach (all, name, v) {
		if (!json_is_integer(v) || json_integer_value(v) == 0)
			continue;
		str_addf(out, "%s%lld %s", comma, (long long)json_integer_value(v), name);
		comma = ", ";
	}
	if (comma[0] == ',')
		(void)str_addc(out, ')');
}

static const struct {
	const char *event;
	void (*say)(struct str *out, const json_t *body);
} sentences[] = {
	{"intent", say_intent},
	{"resumed", say_resumed},
	{"refused", say_refused},
	{"request", say_request},
	{"reply", say_reply},
	{"answer", say_answer},
	{"target", say_target},
	{"outcome", say_outcome},
};

void audit_sentence(struct str *out, const json_t *row)
{
	const json_t *body = json_sub(row, "body");
	const char *event = json_str(row, "event", "");
	char at[40], *text;

	clock_format(at, sizeof(at), json_int(row, "at", 0), false);
	str_addf(out, "%lld  %s  action %lld  %s@%s ", json_int(row, "seq", 0), at,
		json_int(row, "job", 0), json_str(row, "who", ""),
		json_str(row, "host", ""));
	for (size_t i = 0; i < LENGTH(sentences); i++) {
		if (strcmp(sentences[i].event, event) != 0)
			continue;
		sentences[i].say(out, body);
		return;
	}
	text = json_line(body);
	str_addf(out, "%s %s", event, text);
	free(text);
}

static void print_row(const json_t *row)
{
	struct str line = STR_INIT, safe = STR_INIT;

	audit_sentence(&line, row);
	/* A reason, say, is what somebody typed. */
	utf8_clean(&safe, line.buf, line.len, 8 * line.len, UTF8_ONE_LINE);
	puts(safe.buf);
	str_release(&line);
	str_release(&safe);
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
