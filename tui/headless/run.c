/* watchdesk run RUNBOOK --target KEY ...: the same preview, gates, intent and proof as in the console. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "tui/from_json.h"
#include "tui/headless/headless.h"

struct run {
	struct headless *h;
	struct runbooks *runbooks;
	const struct runbook *runbook;
	json_t *params, *targets;
	json_t *preview; /* the ended preview job */
	long long seen;  /* last line of output that was printed */
	json_t *states;  /* of targets, as printed */
};

/* As the console names it: a pipeline has many runs of one name. */
static json_t *target_titled(const char *key, const json_t *record)
{
	struct str title = STR_INIT, run = STR_INIT;
	struct record r;
	json_t *target;

	str_adds(&title, json_str(record, "title", key));
	if (record_from_json(record, &r))
		record_run(&r, &run);
	if (run.len)
		str_addf(&title, " %s", run.buf);
	target = json_pack("{s:s, s:s}", "key", key, "title", title.buf);
	str_release(&run);
	str_release(&title);
	return target;
}

static json_t *target_of(struct headless *h, const char *key, struct err *e)
{
	json_t *record, *target = NULL;

	if (str_starts(key, "host:"))
		return json_pack("{s:s, s:s}", "key", key, "title", key + 5);
	record = headless_ask(h, "record", json_pack("{s:s}", "key", key), e);
	if (json_is_object(record))
		target = target_titled(key, record);
	else if (record)
		err_set(e, ERR_NOTFOUND, "there is no record %s", key);
	json_decref(record);
	return target;
}

static bool find_targets(struct run *r, struct err *e)
{
	const struct arguments *a = r->h->args;

	r->targets = json_array();
	if (a->n_targets == 0)
		return err_set(e, ERR_USAGE,
			"run needs at least one --target kind:source:id or host:NAME");
	for (int i = 0; i < a->n_targets; i++) {
		json_t *target = target_of(r->h, a->targets[i], e);

		if (!target)
			return false;
		json_array_append_new(r->targets, target);
	}
	return true;
}

static const char *given(const struct arguments *a, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < a->n_params; i++)
		if (strncmp(a->params[i], name, len) == 0 && a->params[i][len] == '=')
			return a->params[i] + len + 1;
	return NULL;
}

static bool known_params(const struct run *r, struct err *e)
{
	const struct arguments *a = r->h->args;

	for (int i = 0; i < a->n_params; i++) {
		size_t len = strcspn(a->params[i], "=");
		bool known = false;

		for (size_t k = 0; k < runbook_params(r->runbook); k++) {
			const char *name = runbook_param(r->runbook, k)->name;

			known = known || (strlen(name) == len &&
						 strncmp(name, a->params[i], len) == 0);
		}
		if (!known || a->params[i][len] != '=')
			return err_set(e, ERR_USAGE,
				"%s has no parameter \"%.*s\" (--param NAME=VALUE)",
				runbook_name(r->runbook), (int)len, a->params[i]);
	}
	return true;
}

static bool one_param(
	struct run *r, const struct param *p, const json_t *record, struct err *e)
{
	const char *text = given(r->h->args, p->name);
	struct str fallback = STR_INIT_MAX(8192);
	json_t *value = NULL;

	if (text || param_default(p, record, r->h->config.operator_name, &fallback, e))
		value = param_parse(p, text ? text : fallback.buf, e);
	str_release(&fallback);
	if (!value)
		return false;
	json_object_set_new(r->params, p->name, value);
	return true;
}

static bool parse_params(struct run *r, struct err *e)
{
	const char *key = json_str(json_array_get(r->targets, 0), "key", "");
	json_t *record = NULL;
	bool ok = known_params(r, e);

	r->params = json_object();
	if (ok && !str_starts(key, "host:"))
		record = headless_ask(r->h, "record", json_pack("{s:s}", "key", key), e);
	for (size_t i = 0; ok && i < runbook_params(r->runbook); i++)
		ok = one_param(r, runbook_param(r->runbook, i), record, e);
	json_decref(record);
	return ok;
}

static void print_preview(const json_t *result)
{
	const json_t *targets = json_sub(result, "targets"),
		     *requests = json_sub(result, "requests");
	json_t *t, *line;
	size_t i, k;

	json_array_foreach (targets, i, t) {
		printf("target   %s  %s\n", json_str(t, "key", ""),
			json_str(t, "title", ""));
		json_array_foreach (json_sub(t, "lines"), k, line)
			printf("         %s\n", json_string_value(line));
		if (json_str(t, "error", NULL))
			printf("         cannot be previewed: %s\n",
				json_str(t, "error", ""));
	}
	json_array_foreach (requests, i, line)
		printf("request  %s\n", json_string_value(line));
	printf("proof    %s\n", json_str(result, "proof", ""));
	if (json_str(result, "refused", NULL))
		printf("refused  %s\n", json_str(result, "refused", ""));
}

static bool preview(struct run *r, struct err *e)
{
	const struct arguments *a = r->h->args;

	r->preview = headless_job(r->h,
		job_preview_args(r->runbook, r->params, r->targets,
			r->h->config.operator_name, a->reason),
		NULL, NULL, e);
	if (!r->preview)
		return false;
	if (strcmp(json_str(r->preview, "state", ""), "done") != 0)
		return err_set(e, ERR_REMOTE, "no preview: %s",
			json_str(r->preview, "error", ""));
	if (a->json && a->dry_run)
		print_json(json_sub(r->preview, "result"));
	else if (!a->json)
		print_preview(json_sub(r->preview, "result"));
	return true;
}

/* The gates of the console: a policy, a reason, a typed name, and a yes that is no accident. */
static bool gates(const struct run *r, struct err *e)
{
	const struct arguments *a = r->h->args;
	const json_t *result = json_sub(r->preview, "result"),
		     *confirm = json_sub(result, "confirm");
	const char *type = json_str(confirm, "type", NULL);

	if (json_str(result, "refused", NULL))
		return err_set(e, ERR_DENIED, "%s", json_str(result, "refused", ""));
	if (json_flag(result, "reason_required", false) && !a->reason)
		return err_set(e, ERR_DENIED, "%s wants --reason TEXT",
			runbook_name(r->runbook));
	if (runbook_risk(r->runbook) == RISK_READ)
		return true;
	if (!a->yes)
		return err_set(e, ERR_DENIED,
			"nothing was sent. %s. Add --yes to start it%s",
			json_str(confirm, "sentence", ""),
			type ? ", and --confirm as it says then" : "");
	if (type && !str_equal(a->confirm, type))
		return err_set(e, ERR_DENIED,
			"nothing was sent. This is %s: add --confirm '%s'",
			risk_name(runbook_risk(r->runbook)), type);
	return true;
}

static void print_targets(struct run *r, long long job)
{
	json_t *rows = headless_ask(
		r->h, "targets", json_pack("{s:I}", "job", (json_int_t)job), NULL);
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		struct str now = STR_INIT_MAX(2000);
		const char *key = json_str(row, "key", "");

		str_addf(&now, "%s  %s", json_str(row, "state", ""),
			json_str(row, "known", ""));
		if (!str_equal(json_str(r->states, key, ""), now.buf)) {
			printf("%s  %s\n", json_str(row, "title", key), now.buf);
			if (str_equal(json_str(row, "state", ""), "asking"))
				printf("  it waits for: watchdesk answer %lld yes|no "
				       "--target '%s'\n",
					job, key);
			json_object_set_new(r->states, key, json_string(now.buf));
		}
		str_release(&now);
	}
	json_decref(rows);
}

static void on_change(struct headless *h, long long job, void *arg)
{
	struct run *r = arg;
	json_t *lines, *line;
	size_t i;

	if (h->args->json)
		return;
	lines = headless_ask(h, "output",
		json_pack("{s:I, s:I, s:i}", "job", (json_int_t)job, "after",
			(json_int_t)r->seen, "limit", 5000),
		NULL);
	json_array_foreach (lines, i, line) {
		printf("  | %s\n", json_str(line, "text", ""));
		r->seen = json_int(line, "seq", r->seen);
	}
	json_decref(lines);
	print_targets(r, job);
	fflush(stdout);
}

static int status_of(const json_t *job)
{
	static const struct {
		const char *state;
		int status;
	} table[] = {
		{"succeeded", EXIT_DONE},
		{"already", EXIT_DONE},
		{"accepted", EXIT_ACCEPTED},
		{"unknown", EXIT_UNKNOWN},
		{"partial", EXIT_FAILED},
		{"canceled", EXIT_REFUSED},
	};
	const char *state = json_str(job, "state", "");

	for (size_t i = 0; i < LENGTH(table); i++)
		if (strcmp(state, table[i].state) == 0)
			return table[i].status;
	/* Failed without a result: refused before anything was sent. */
	return json_is_object(json_sub(job, "result")) ? EXIT_FAILED : EXIT_REFUSED;
}

static int act(struct run *r, struct err *e)
{
	json_t *job = headless_job(r->h,
		job_action_args(r->runbook, r->params, r->targets,
			r->h->config.operator_name, r->h->args->reason,
			json_int(r->preview, "job", 0),
			json_str(json_sub(r->preview, "result"), "plan_hash", "")),
		on_change, r, e);
	int status;

	if (!job)
		return headless_fail(e);
	status = status_of(job);
	if (r->h->args->json) {
		json_t *targets = headless_ask(r->h, "targets",
			json_pack("{s:I}", "job", (json_int_t)json_int(job, "job", 0)),
			NULL);

		json_object_set_new(job, "targets", targets ? targets : json_array());
		print_json(job);
	} else {
		printf("action %lld: %s%s%s\n", json_int(job, "job", 0),
			json_str(job, "state", ""),
			json_str(job, "error", "")[0] ? ": " : "",
			json_str(job, "error", ""));
	}
	json_decref(job);
	return status;
}

static int run(struct run *r)
{
	struct err e = ERR_INIT;
	const char *name = r->h->args->rest[0];

	r->runbooks = runbooks_load(&r->h->config, &e);
	if (!r->runbooks)
		return headless_fail(&e);
	r->runbook = runbooks_find(r->runbooks, name);
	if (!r->runbook) {
		for (size_t i = 0; i < runbooks_errors(r->runbooks); i++)
			fprintf(stderr, "watchdesk: %s\n",
				runbooks_error(r->runbooks, i)->msg);
		err_set(&e, ERR_NOTFOUND, "there is no runbook \"%s\"", name);
		return headless_fail(&e);
	}
	r->states = json_object();
	if (!find_targets(r, &e) || !parse_params(r, &e) || !preview(r, &e))
		return headless_fail(&e);
	if (r->h->args->dry_run)
		return json_str(json_sub(r->preview, "result"), "refused", NULL)
			       ? EXIT_REFUSED
			       : EXIT_DONE;
	if (!gates(r, &e))
		return headless_fail(&e);
	return act(r, &e);
}

int cmd_run(const struct arguments *a)
{
	struct headless h;
	struct run r = {.h = &h};
	int status;

	if (a->n_rest != 1) {
		fprintf(stderr, "watchdesk: run RUNBOOK --target KEY... [--param "
				"NAME=VALUE] [--dry-run] [--yes] "
				"[--reason TEXT] [--confirm TEXT] [--json]\n");
		return EXIT_WRONG_CALL;
	}
	if (!headless_open(&h, a, true, &status))
		return status;
	status = run(&r);
	json_decref(r.params);
	json_decref(r.targets);
	json_decref(r.preview);
	json_decref(r.states);
	runbooks_free(r.runbooks);
	headless_close(&h);
	return status;
}
