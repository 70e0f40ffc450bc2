/* The plan of a preview or an action: the records as they are now, the exact requests, the hash over both. */
#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

static void load_next(struct plan *p);

void plan_release(struct plan *p)
{
	if (p->job)
		store_cancel(p->job->store, p->request);
	for (size_t i = 0; i < p->n; i++) {
		json_decref(p->targets[i].record);
		json_decref(p->targets[i].input);
		free(p->targets[i].error);
		plan_units_free(&p->targets[i]);
	}
	free(p->targets);
	json_decref(p->requests);
	json_decref(p->last);
	memset(p, 0, sizeof(*p));
}

static void target_fail(struct plan_target *t, const char *text)
{
	if (!t->error)
		t->error = xstrdup(text);
}

static json_t *host_record(const struct far *far, struct plan_target *t)
{
	const char *name = str_starts(t->key, "host:") ? t->key + 5 : "";
	const struct config_host *h = far->host(far->arg, name);

	if (!h) {
		target_fail(t, "this host is not in the configuration");
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", "host", "id", name, "title",
		name, "env", h->env ? h->env : "", "host", name);
}

static json_t *make_input(const struct plan *p, json_t *record)
{
	const struct job_run *j = p->job;

	return json_pack("{s:O, s:O, s:s, s:s, s:{s:s, s:s}}", "record", record, "params",
		p->params, "operator", j->who, "reason", json_str(j->spec, "reason", ""),
		"action", "key", p->key, "now", p->at);
}

/* when: "", or in which case it is sent. */
static bool render_unit(struct plan *p, const struct plan_target *t,
	const struct plan_unit *u, const char *when, struct err *e)
{
	struct str text = STR_INIT;
	char *what;

	if (u->step->kind == STEP_WAIT)
		return true;
	what = plan_unit_text(p, t, u, e);
	plan_unit_label(u, &text);
	str_adds(&text, when);
	if (!what) {
		if (text.len)
			err_wrap(e, "%.*s", (int)text.len - 2, text.buf);
		str_release(&text);
		return false;
	}
	str_addf(&text, "%s%s", u->step->kind == STEP_CONFIRM ? "asks: " : "", what);
	json_array_append_new(p->requests, json_stringn(text.buf, text.len));
	str_release(&text);
	free(what);
	return true;
}

/* `on_failure: [steps]` of a step or a foreach, for the item of u. */
static bool render_rescue(struct plan *p, const struct plan_target *t,
	const struct step *of, const struct plan_unit *u, struct err *e)
{
	struct plan_unit rescue = *u;

	for (size_t i = 0; i < of->n_rescue; i++) {
		if (++p->n_units > PLAN_UNITS_MAX)
			return plan_too_many(e);
		rescue.step = &of->rescue[i];
		if (!render_unit(p, t, &rescue, "if it fails: ", e))
			return false;
	}
	return true;
}

/* The last unit of an item of a foreach: what is to be done when the item fails follows it. */
static bool ends_item(const struct plan_target *t, size_t i)
{
	const struct plan_unit *u = &t->units[i], *next = u + 1;

	return u->loop &&
	       (i + 1 == t->n_units || next->loop != u->loop || next->nth != u->nth);
}

static bool render_one(
	struct plan *p, const struct plan_target *t, size_t i, struct err *e)
{
	const struct plan_unit *u = &t->units[i];

	return render_unit(p, t, u, "", e) && render_rescue(p, t, u->step, u, e) &&
	       (!ends_item(t, i) || render_rescue(p, t, u->loop, u, e));
}

static void render(struct plan *p, struct plan_target *t)
{
	struct err e = ERR_INIT;
	bool ok;

	if (t->error)
		return;
	ok = plan_units_make(p, t, &e);
	for (size_t i = 0; i < t->n_units && ok; i++)
		ok = render_one(p, t, i, &e);
	if (!ok)
		target_fail(t, e.msg);
}

void plan_see_env(struct plan *p, const json_t *record)
{
	const struct far *far = p->job->far;
	const struct environments *envs = far->environments(far->arg);
	const char *env = json_str(record, "env", "");

	p->prod = p->prod || environment_gated(envs, env);
	p->env_unknown = p->env_unknown || !environment_class(envs, env);
}

static void finish(struct plan *p)
{
	static const struct err fine = ERR_INIT;

	for (size_t i = 0; i < p->n; i++) {
		struct plan_target *t = &p->targets[i];

		plan_see_env(p, t->record);
		if (t->record)
			t->input = make_input(p, t->record);
		render(p, t);
	}
	plan_hash(runbook_hash(p->runbook), p->params, p->job->targets, p->requests,
		p->hash);
	p->ready(p, &fine);
}

static void on_record(void *arg, json_t *answer, const struct err *e)
{
	struct plan *p = arg;
	struct plan_target *t = &p->targets[p->loaded++];

	p->request = NULL;
	if (json_is_object(answer))
		t->record = json_incref(answer);
	else
		target_fail(t, answer ? "there is no such record any more" : e->msg);
	load_next(p);
}

static bool load_one(struct plan *p, struct plan_target *t)
{
	enum kind kind;
	const char *id;
	struct err e = ERR_INIT;

	if (runbook_on_hosts(p->runbook) && str_starts(t->key, "host:")) {
		t->record = host_record(p->job->far, t);
		p->loaded++;
		return false;
	}
	if (!record_key_parse(t->key, &kind, t->source, sizeof(t->source), &id, &e)) {
		target_fail(t, e.msg);
		p->loaded++;
		return false;
	}
	p->request = store_ask(
		p->job->store, "record", json_pack("{s:s}", "key", t->key), on_record, p);
	return true;
}

/* One after the other: the store is local to the worker, and a plan has at most 1 000 targets. */
static void load_next(struct plan *p)
{
	while (p->loaded < p->n)
		if (load_one(p, &p->targets[p->loaded]))
			return;
	finish(p);
}

/* Before the records are read: what is done from now on is seen by whoever starts the action. */
static void on_last(void *arg, json_t *answer, const struct err *e)
{
	struct plan *p = arg;

	p->request = NULL;
	if (!answer) {
		p->ready(p, e);
		return;
	}
	p->last = json_incref(answer);
	load_next(p);
}

static void ask_last(struct plan *p)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(keys, json_string(p->targets[i].key));
	p->request = store_ask(
		p->job->store, "last_acts", json_pack("{s:o}", "keys", keys), on_last, p);
}

static void set_key(struct plan *p, json_t *spec_params)
{
	char hex[65];
	json_t *none = json_array();

	plan_hash(runbook_hash(p->runbook), spec_params, p->job->targets, none, hex);
	json_decref(none);
	str_copy(p->key, 33, hex);
}

/* As it was confirmed; what was saved a moment ago may not have been noticed yet. */
static const struct runbook *find_runbook(struct job_run *job, const char *name)
{
	const struct runbook *r = job->far->runbook(job->far->arg, name);
	const char *version = json_str(job->spec, "version", "");

	if ((r && str_equal(version, runbook_hash(r))) || !job->far->renew)
		return r;
	job->far->renew(job->far->arg);
	return job->far->runbook(job->far->arg, name);
}

void plan_start(struct plan *p, struct job_run *job, const char *at,
	void (*ready)(struct plan *, const struct err *))
{
	struct err e = ERR_INIT;
	const char *name = json_str(job->spec, "runbook", "");

	p->job = job;
	p->ready = ready;
	p->params = json_sub(job->spec, "params");
	p->runbook = find_runbook(job, name);
	p->requests = json_array();
	if (!p->runbook)
		err_set(&e, ERR_NOTFOUND, "the worker has no runbook \"%s\"", name);
	else if (!str_equal(json_str(job->spec, "version", ""), runbook_hash(p->runbook)))
		err_set(&e, ERR_CONFLICT,
			"the runbook %s was edited meanwhile: open its form again, and "
			"look at what it does now",
			name);
	if (e.code != ERR_NONE) {
		ready(p, &e);
		return;
	}
	if (at)
		str_copy(p->at, sizeof(p->at), at);
	else
		clock_format(p->at, sizeof(p->at), clock_now(), false);
	set_key(p, p->params);
	p->n = json_array_size(job->targets);
	p->targets = xcalloc(p->n ? p->n : 1, sizeof(*p->targets));
	for (size_t i = 0; i < p->n; i++) {
		const json_t *t = json_array_get(job->targets, i);

		p->targets[i].key = json_str(t, "key", "");
		p->targets[i].title = json_str(t, "title", "");
	}
	if (at)
		load_next(p);
	else
		ask_last(p);
}

static bool applies(const struct plan *p, struct plan_target *t, struct err *e)
{
	const struct far *far = p->job->far;
	const char *connector = far->connector(far->arg, t->source);

	if (runbook_on_hosts(p->runbook) && str_starts(t->key, "host:"))
		return true;
	if (runbook_applies_json(p->runbook, t->record, connector))
		return true;
	return runbook_why_not(p->runbook, t->record, connector, t->title, e);
}

/* Two runs of one target would send at the same time, under one lock. */
static bool each_once(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_equal(p->targets[i].key, p->targets[k].key))
				return err_set(e, ERR_USAGE,
					"%s is in the list twice: name each target once",
					p->targets[i].title);
	return true;
}

bool plan_allowed(const struct plan *p, struct err *e)
{
	const struct far *far = p->job->far;

	if (far->read_only(far->arg) && p->runbook->risk != RISK_READ)
		return err_set(e, ERR_DENIED,
			"the configuration says read_only: nothing that changes anything "
			"starts");
	if (p->n == 0)
		return err_set(e, ERR_USAGE, "no target");
	if (p->n > (size_t)p->runbook->max_targets)
		return err_set(e, ERR_DENIED,
			"%zu targets, and %s takes at most %d: narrow the choice", p->n,
			runbook_name(p->runbook), p->runbook->max_targets);
	if (!each_once(p, e))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		struct plan_target *t = &p->targets[i];

		if (t->error)
			return err_set(e, ERR_DENIED, "%s: %s", t->title, t->error);
		if (!applies(p, t, e))
			return false;
	}
	return true;
}
