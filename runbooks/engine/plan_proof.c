/* How it will be known that a plan was carried out, in words. */
#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

static void add_proof(struct str *out, const char *text)
{
	if (out->len)
		str_adds(out, ", then ");
	str_adds(out, text);
}

static void add_proofs(
	const struct plan *p, struct str *out, const struct step *steps, size_t n);

/* The last source whose connector has no proof of the call, or NULL; looks: some of them look a second time. */
static const char *blind_source(const struct plan *p, const char *call, bool *looks)
{
	const struct far *far = p->job->far;
	const char *blind = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const char *source = p->targets[i].source;
		struct call_traits traits;

		if (!far->traits(far->arg, source, call, &traits))
			traits = (struct call_traits){false};
		if (!traits.verify && !traits.proof_reply)
			blind = source;
		*looks = *looks || traits.verify;
	}
	return blind;
}

/* What the targets' connectors have for the call: all of them, or the weakest of them is said. */
static void add_call_proof(const struct plan *p, struct str *out, const char *call)
{
	bool looks = false;
	const char *blind = blind_source(p, call, &looks);

	if (blind) {
		add_proof(out, "no proof of ");
		str_addf(out, "%s on %s, only that the far side took it", call, blind);
	} else {
		add_proof(out, looks ? "the far side accepts it and a second look shows "
				       "the change"
				     : "the reply of the far side shows the change");
	}
}

static void add_loop_proof(const struct plan *p, struct str *out, const struct step *loop)
{
	struct str each = STR_INIT_MAX(1000);

	add_proofs(p, &each, loop->body, loop->n_body);
	str_addf(out, "%sfor each %s: %s", out->len ? ", then " : "", loop->as, each.buf);
	str_release(&each);
}

static void add_proofs(
	const struct plan *p, struct str *out, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		char words[40];

		switch (s->kind) {
		case STEP_CALL:
			add_call_proof(p, out, s->call);
			break;
		case STEP_SQL:
			add_proof(out, "PostgreSQL confirms the commit of a number of "
				       "rows within the limits");
			break;
		case STEP_SSH:
		case STEP_EXEC:
			add_proof(out, "the script ends with exit code 0");
			break;
		case STEP_WAIT:
			clock_format_words(
				words, sizeof(words), (usec_t)s->within_ms * 1000);
			add_proof(out, "the record shows the wanted state within ");
			str_adds(out, words);
			break;
		case STEP_CONFIRM:
			add_proof(out, "a person says yes");
			break;
		case STEP_FOREACH:
			add_loop_proof(p, out, s);
			break;
		}
	}
}

/* A call that nothing proves, neither its connector nor a wait that follows; or NULL. */
static const char *unproved(const struct plan *p, const struct step *steps, size_t n)
{
	const char *call = NULL;
	bool looks = false;

	for (size_t i = 0; i < n; i++) {
		if (steps[i].kind == STEP_CALL && blind_source(p, steps[i].call, &looks))
			call = steps[i].call;
		else if (steps[i].kind == STEP_WAIT && !steps[i].optional)
			call = NULL;
	}
	return call;
}

char *plan_proof(const struct plan *p)
{
	struct str out = STR_INIT_MAX(1000);
	const char *call = unproved(p, p->runbook->steps, p->runbook->n_steps);

	if (p->runbook->proof && call)
		return xasprintf("%s; no proof of %s: the far side has none",
			p->runbook->proof, call);
	if (p->runbook->proof)
		return xstrdup(p->runbook->proof);
	add_proofs(p, &out, p->runbook->steps, p->runbook->n_steps);
	return str_take(&out);
}
