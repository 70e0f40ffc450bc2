/*
 * Records: the names of kinds, states and severities, which state means what for which kind, keys, and the hash
 * that tells whether a source said anything new.
 */
#include "backends/store/record.h"

#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/str.h"

#define K(k) (1u << KIND_##k)
#define ALL_KINDS ((1u << KIND_COUNT) - 1)

static const struct kind_words {
	const char *one, *many;
} KINDS[KIND_COUNT] = {
	[KIND_RUN] = {"run", "runs"},
	[KIND_INCIDENT] = {"incident", "incidents"},
	[KIND_ACCESS] = {"access", "access"},
	[KIND_GRANT] = {"grant", "grants"},
	[KIND_COST] = {"cost", "costs"},
	[KIND_CHECK] = {"check", "checks"},
	[KIND_CHANGE] = {"change", "changes"},
};

/* For which kinds a state exists, may still change, and wants a person unless handled. */
static const struct state_row {
	const char *name;
	unsigned kinds, open, bad;
} STATES[STATE_COUNT] = {
	[STATE_UNKNOWN] = {"unknown", ALL_KINDS, ALL_KINDS, 0},
	[STATE_QUEUED] = {"queued", K(RUN), K(RUN), 0},
	[STATE_WAITING] = {"waiting", K(RUN), K(RUN), 0},
	[STATE_RUNNING] = {"running", K(RUN) | K(CHANGE), K(RUN) | K(CHANGE), 0},
	[STATE_RETRYING] = {"retrying", K(RUN), K(RUN), 0},
	[STATE_CANCELING] = {"canceling", K(RUN), K(RUN), 0},
	[STATE_SUCCEEDED] = {"succeeded", K(RUN) | K(CHANGE), 0, 0},
	[STATE_PARTIAL] = {"partial", K(RUN), 0, K(RUN)},
	[STATE_FAILED] = {"failed", K(RUN) | K(CHANGE), 0, K(RUN) | K(CHANGE)},
	[STATE_TIMED_OUT] = {"timed_out", K(RUN), 0, K(RUN)},
	[STATE_CANCELED] = {"canceled", K(RUN) | K(ACCESS), 0, 0},
	[STATE_SKIPPED] = {"skipped", K(RUN), 0, 0},
	[STATE_OPEN] = {"open", K(INCIDENT) | K(COST), K(INCIDENT) | K(COST),
		K(INCIDENT) | K(COST)},
	[STATE_ACKNOWLEDGED] = {"acknowledged", K(INCIDENT) | K(COST),
		K(INCIDENT) | K(COST), 0},
	[STATE_SILENCED] = {"silenced", K(INCIDENT), K(INCIDENT), 0},
	[STATE_RESOLVED] = {"resolved", K(INCIDENT) | K(COST), 0, 0},
	[STATE_PENDING] = {"pending", K(ACCESS), K(ACCESS), K(ACCESS)},
	[STATE_APPROVED] = {"approved", K(ACCESS), 0, 0},
	[STATE_DENIED] = {"denied", K(ACCESS), 0, 0},
	[STATE_EXPIRED] = {"expired", K(ACCESS), 0, 0},
	[STATE_ACTIVE] = {"active", K(GRANT), K(GRANT), 0},
	[STATE_EXPIRING] = {"expiring", K(GRANT), K(GRANT), K(GRANT)},
	[STATE_REVOKED] = {"revoked", K(GRANT), 0, 0},
	[STATE_EXPECTED] = {"expected", K(COST), 0, 0},
	[STATE_OK] = {"ok", K(CHECK), K(CHECK), 0},
	[STATE_WARN] = {"warn", K(CHECK), K(CHECK), K(CHECK)},
	[STATE_FAILING] = {"failing", K(CHECK), K(CHECK), K(CHECK)},
	[STATE_STALE] = {"stale", K(CHECK), K(CHECK), K(CHECK)},
	[STATE_PLANNED] = {"planned", K(CHANGE), K(CHANGE), 0},
	[STATE_ROLLED_BACK] = {"rolled_back", K(CHANGE), 0, 0},
};

static const char *const SEVERITIES[SEVERITY_COUNT] = {
	"none", "info", "low", "high", "critical"};
static const char *const SEVERITIES_SHORT[SEVERITY_COUNT] = {
	"", "info", "low", "high", "crit"};

const char *kind_name(enum kind k)
{
	return k < KIND_COUNT ? KINDS[k].one : "unknown";
}

const char *kind_plural(enum kind k)
{
	return k < KIND_COUNT ? KINDS[k].many : "unknown";
}

bool kind_parse(const char *text, enum kind *out)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(text, KINDS[i].one) == 0 || strcmp(text, KINDS[i].many) == 0) {
			*out = (enum kind)i;
			return true;
		}
	}
	return false;
}

const char *state_name(enum state s)
{
	return s < STATE_COUNT ? STATES[s].name : STATES[STATE_UNKNOWN].name;
}

bool state_parse(const char *text, enum state *out)
{
	for (size_t i = 0; i < STATE_COUNT; i++) {
		if (strcmp(text, STATES[i].name) == 0) {
			*out = (enum state)i;
			return true;
		}
	}
	return false;
}

bool state_of_kind(enum kind k, enum state s)
{
	return s < STATE_COUNT && (STATES[s].kinds >> k & 1) != 0;
}

bool state_open(enum kind k, enum state s)
{
	return s < STATE_COUNT && (STATES[s].open >> k & 1) != 0;
}

bool state_bad(enum kind k, enum state s)
{
	return s < STATE_COUNT && (STATES[s].bad >> k & 1) != 0;
}

bool record_gone(const struct record *r)
{
	return r->gone_at != 0 &&
	       !(state_open(r->kind, r->state) && state_bad(r->kind, r->state));
}

const char *severity_name(enum severity s)
{
	return SEVERITIES[s < SEVERITY_COUNT ? s : SEVERITY_NONE];
}

const char *severity_short(enum severity s)
{
	return SEVERITIES_SHORT[s < SEVERITY_COUNT ? s : SEVERITY_NONE];
}

bool severity_parse(const char *text, enum severity *out)
{
	for (size_t i = 0; i < SEVERITY_COUNT; i++) {
		if (strcmp(text, SEVERITIES[i]) == 0 ||
			(i > 0 && strcmp(text, SEVERITIES_SHORT[i]) == 0)) {
			*out = (enum severity)i;
			return true;
		}
	}
	return false;
}

/* ---- the struct ---- */

void record_init(struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->source = r->id = r->title = r->raw_state = r->env = r->owner = "";
	r->service = r->asset = r->actor = r->amount = r->expected = "";
	r->currency = r->url = r->parent = r->why = r->cause = r->signature = "";
	r->claimed_by = r->unread = r->run = "";
}

/* "2026-11-22 00:00": a daily run is known by its day. */
static size_t run_length(const char *text)
{
	size_t len = strlen(text);
	return len > 6 && strcmp(text + len - 6, " 00:00") == 0 ? len - 6 : len;
}

void record_run(const struct record *r, struct str *out)
{
	static const char *const keys[] = {
		"run", "logical_date", "partition", "number", "branch"};
	size_t begin = out->len;

	if (r->kind != KIND_RUN)
		return;
	for (size_t i = 0; i < LENGTH(keys); i++) {
		const char *text = json_str(r->labels, keys[i], "");
		if (!*text || strstr(r->title, text))
			continue;
		if (out->len > begin)
			str_addc(out, ' ');
		str_add(out, text, run_length(text));
		/* It says which run in its own words; a date and more beside it would say it twice. */
		if (i < 2)
			return;
	}
}

void record_release_json(struct record *r)
{
	json_decref(r->labels);
	json_decref(r->opaque);
	json_decref(r->detail);
	r->labels = r->opaque = r->detail = NULL;
}

bool record_key(const struct record *r, struct str *out)
{
	return str_addf(out, "%s:%s:%s", kind_name(r->kind), r->source, r->id);
}

bool record_key_parse(const char *key, enum kind *kind, char *source, size_t source_size,
	const char **id, struct err *e)
{
	char name[16];
	const char *colon = strchr(key, ':');
	const char *second = colon != NULL ? strchr(colon + 1, ':') : NULL;

	if (second == NULL || second[1] == '\0' || second == colon + 1)
		return err_set(e, ERR_USAGE,
			"'%s' is no record key: write kind:source:id, for example "
			"run:airflow-prod:orders_daily/2026-11-22",
			key);
	if ((size_t)(colon - key) >= sizeof(name) ||
		(size_t)(second - colon) > source_size)
		return err_set(
			e, ERR_USAGE, "'%s' is no record key: a part is too long", key);
	memcpy(name, key, (size_t)(colon - key));
	name[colon - key] = '\0';
	if (!kind_parse(name, kind))
		return err_set(e, ERR_USAGE,
			"'%s' is no kind of record; kinds are run, incident, access, "
			"grant, cost, "
			"check and change",
			name);
	memcpy(source, colon + 1, (size_t)(second - colon - 1));
	source[second - colon - 1] = '\0';
	*id = second + 1;
	return true;
}

/* ---- hash ---- */

static unsigned long long hash_text(const char *s, unsigned long long seed)
{
	return str_hash(s, strlen(s) + 1,
		seed); /* with the NUL: "ab","c" differs from "a","bc" */
}

static unsigned long long hash_json(const json_t *v, int depth);

/* The order of keys does not matter: sources may shuffle them. */
static unsigned long long hash_object(const json_t *v, int depth)
{
	/* jansson iterates a const object only by casting it away itself */
	json_t *o = json_incref((json_t *)(uintptr_t)v);
	unsigned long long sum = json_object_size(v);

	for (void *i = json_object_iter(o); i != NULL; i = json_object_iter_next(o, i))
		sum += str_hash(json_object_iter_key(i), json_object_iter_key_len(i),
			hash_json(json_object_iter_value(i), depth + 1));
	json_decref(o);
	return sum;
}

static unsigned long long hash_array(const json_t *v, int depth)
{
	unsigned long long h = json_array_size(v);

	for (size_t i = 0; i < json_array_size(v); i++) {
		unsigned long long sub = hash_json(json_array_get(v, i), depth + 1);
		h = str_hash(&sub, sizeof(sub), h);
	}
	return h;
}

static unsigned long long hash_json(const json_t *v, int depth)
{
	unsigned long long type = v != NULL ? (unsigned long long)json_typeof(v) + 1 : 0;
	long long i;
	double d;

	if (v == NULL || depth > JSON_DEPTH_MAX)
		return type;
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return hash_object(v, depth);
	case JSON_ARRAY:
		return hash_array(v, depth);
	case JSON_STRING:
		return str_hash(json_string_value(v), json_string_length(v), type);
	case JSON_INTEGER:
		i = json_integer_value(v);
		return str_hash(&i, sizeof(i), type);
	case JSON_REAL:
		d = json_real_value(v);
		return str_hash(&d, sizeof(d), type);
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		return type;
	}
	return type;
}

unsigned long long record_hash(const struct record *r)
{
	const long long numbers[] = {r->kind, r->state, r->severity, r->tier, r->started,
		r->ended, r->updated, r->due};
	const char *const texts[] = {r->source, r->id, r->title, r->raw_state, r->env,
		r->owner, r->service, r->asset, r->actor, r->amount, r->expected,
		r->currency, r->url, r->parent};
	const json_t *const trees[] = {r->labels, r->opaque, r->detail};
	unsigned long long h = str_hash(numbers, sizeof(numbers), 0);

	for (size_t i = 0; i < LENGTH(texts); i++)
		h = hash_text(texts[i], h);
	for (size_t i = 0; i < LENGTH(trees); i++) {
		unsigned long long sub = hash_json(trees[i], 0);
		h = str_hash(&sub, sizeof(sub), h);
	}
	return h;
}
