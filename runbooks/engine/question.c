/*
 * The last question of an action, as one sentence: what is done, to how many targets, on which sources of which environment,
 * for which time. It is the preview's, so that the console and `watchdesk run` ask the same.
 */
#include <string.h>
#include <strings.h>

#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

enum { SENTENCE_MAX = 4000 };
#define DAY ((usec_t)86400 * USEC_PER_SEC)

static const char *env_of(const struct plan_target *t)
{
	return json_str(t->record, "env", "");
}

/* Two targets in one place are named once. */
static bool named_before(const struct plan *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(p->targets[i].source, p->targets[n].source) &&
			str_equal(env_of(&p->targets[i]), env_of(&p->targets[n])))
			return true;
	return false;
}

/* " (PROD)", " (live-eu, PROD)", " (dev)"; one that no class knows is gated as production, and called unknown. */
static void add_env(const struct plan *p, const struct plan_target *t, struct str *out)
{
	const struct far *far = p->job->far;
	const struct environments *envs = far->environments(far->arg);
	const char *env = env_of(t);

	if (!environment_gated(envs, env))
		str_addf(out, " (%s)", env);
	else if (!*env)
		str_adds(out, " (its environment is not known: as in PROD)");
	else if (!environment_prod(envs, env))
		str_addf(out, " (%s, an environment that is not known: as in PROD)", env);
	else if (strncasecmp(env, "prod", 4) == 0)
		str_adds(out, " (PROD)");
	else
		str_addf(out, " (%s, PROD)", env);
}

static void add_places(const struct plan *p, struct str *out)
{
	size_t places = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct plan_target *t = &p->targets[i];
		if (named_before(p, i))
			continue;
		if (*t->source)
			str_addf(out, "%s%s", places ? " and " : " on ", t->source);
		else if (p->n > 1)
			str_addf(out, "%shosts", places ? " and " : " on ");
		add_env(p, t, out);
		places++;
	}
}

static bool is_day(const struct param *p)
{
	return p->type == PARAM_DATE || p->type == PARAM_DATETIME;
}

/* From the first second of a day to the last second of one. */
static bool whole_days(usec_t from, usec_t to)
{
	return from % DAY == 0 && to % DAY == DAY - USEC_PER_SEC;
}

/* Two days or times are a range: "2026-11-20 to 2026-11-22, 3 dates". Times that are whole days are said as days. */
static void add_range(
	const struct param *param, const char *from, const char *to, struct str *out)
{
	enum { DAY_LENGTH = 10 };
	usec_t a = 0, b = 0;
	bool known = clock_parse(from, &a) && clock_parse(to, &b) && a <= b;

	if (param->type != PARAM_DATE && (!known || !whole_days(a, b))) {
		str_addf(out, ", %s to %s", from, to);
		return;
	}
	str_addf(out, ", %.*s to %.*s", DAY_LENGTH, from, DAY_LENGTH, to);
	if (!known)
		return;
	long long n = (long long)((b - a) / DAY) + 1;
	str_addf(out, n == 1 ? ", %lld date" : ", %lld dates", n);
}

/* The times that an action is about, whatever its runbook's own sentence says. */
static void add_times(const struct plan *p, struct str *out)
{
	const struct param *first = NULL;
	const struct runbook *r = p->runbook;

	for (size_t i = 0; i < r->n_params; i++) {
		const struct param *one = &r->params[i];
		const char *value = json_str(p->params, one->name, "");

		if (!*value || (!is_day(one) && one->type != PARAM_DURATION))
			continue;
		if (one->type == PARAM_DURATION) {
			str_addf(out, ", for %s", value);
		} else if (first && first->type == one->type) {
			add_range(one, json_str(p->params, first->name, ""), value, out);
			first = NULL;
		} else {
			if (first)
				str_addf(out, ", %s",
					json_str(p->params, first->name, ""));
			first = one;
		}
	}
	if (first)
		str_addf(out, ", %s", json_str(p->params, first->name, ""));
}

static void add_sentence(const struct plan *p, const json_t *lines, struct str *out)
{
	const struct plan_target *first = &p->targets[0];
	const json_t *said = json_array_get(lines, 0);

	if (!p->runbook->summary || !first->input ||
		!tmpl_render_text(p->runbook->summary, first->input, out, NULL)) {
		str_clear(out);
		str_addf(out, "%s: %s", runbook_title(p->runbook), first->title);
	}
	if (p->n > 1)
		str_addf(out, " and %zu more, %zu targets in all", p->n - 1, p->n);
	add_places(p, out);
	add_times(p, out);
	/* What the far side says will happen: how many runs, tasks, people. Of several targets the preview says it. */
	if (p->n == 1 && json_array_size(said))
		str_addf(out, ": %s", json_string_value(json_array_get(said, 0)));
}

/* What has to be typed: the runbook says, else irreversible and security changes want the title of the target, or how many. */
static void add_typed(const struct plan *p, struct str *out)
{
	const struct plan_target *first = &p->targets[0];

	if (p->runbook->risk == RISK_READ || p->runbook->risk == RISK_REVERSIBLE) {
		if (!p->runbook->confirm)
			return;
	}
	if (p->n > 1)
		str_addf(out, "%zu targets", p->n);
	else if (!p->runbook->confirm || !first->input ||
		 !tmpl_render_text(p->runbook->confirm, first->input, out, NULL) ||
		 out->len == 0)
		str_adds(out, first->title);
}

json_t *question_make(const struct plan *p, const json_t *lines)
{
	struct str sentence = STR_INIT_MAX(SENTENCE_MAX), typed = STR_INIT_MAX(500);
	json_t *confirm;

	add_sentence(p, lines, &sentence);
	add_typed(p, &typed);
	confirm = json_pack(
		"{s:s, s:s}", "sentence", sentence.buf, "undo", runbook_undo(p->runbook));
	if (typed.len)
		json_object_set_new(confirm, "type", json_string(typed.buf));
	str_release(&sentence);
	str_release(&typed);
	return confirm;
}
