#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "backends/base/clock.h"
#include "backends/base/json.h"
#include "backends/base/mem.h"

/*
 * One shape for everything that can need a person. All text in a record is safe (utf8_clean) and bounded;
 * times are UTC µs, 0 = not known; money is a decimal as text.
 */
enum kind {
	KIND_RUN,
	KIND_INCIDENT,
	KIND_ACCESS,
	KIND_GRANT,
	KIND_COST,
	KIND_CHECK,
	KIND_CHANGE,
	KIND_COUNT
};

/* One enum for the states of all kinds; which belong to which kind: state_of_kind. Stored as integers: append only. */
enum state {
	STATE_UNKNOWN,
	/* run */
	STATE_QUEUED,
	STATE_WAITING,
	STATE_RUNNING,
	STATE_RETRYING,
	STATE_CANCELING,
	STATE_SUCCEEDED,
	STATE_PARTIAL,
	STATE_FAILED,
	STATE_TIMED_OUT,
	STATE_CANCELED,
	STATE_SKIPPED,
	/* incident */
	STATE_OPEN,
	STATE_ACKNOWLEDGED,
	STATE_SILENCED,
	STATE_RESOLVED,
	/* access (and canceled) */
	STATE_PENDING,
	STATE_APPROVED,
	STATE_DENIED,
	STATE_EXPIRED,
	/* grant */
	STATE_ACTIVE,
	STATE_EXPIRING,
	STATE_REVOKED,
	/* cost (and open, acknowledged, resolved) */
	STATE_EXPECTED,
	/* check */
	STATE_OK,
	STATE_WARN,
	STATE_FAILING,
	STATE_STALE,
	/* change (and running, succeeded, failed) */
	STATE_PLANNED,
	STATE_ROLLED_BACK,
	STATE_COUNT
};
enum severity {
	SEVERITY_NONE,
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITY_COUNT
};

const char *kind_name(enum kind k);                /* "run" */
const char *kind_plural(enum kind k);              /* "runs", "access" */
bool kind_parse(const char *text, enum kind *out); /* singular, plural */
const char *state_name(enum state s);              /* "timed_out" */
bool state_parse(const char *text, enum state *out);
bool state_of_kind(enum kind k, enum state s);
bool state_open(enum kind k,
	enum state
		s); /* may still change by itself or by a person: re-read until it does not */
bool state_bad(enum kind k,
	enum state s); /* failed, failing, ... : wants a person unless handled */
const char *severity_name(enum severity s);  /* "critical" */
const char *severity_short(enum severity s); /* "crit", "high", "low", "info", "" */
bool severity_parse(const char *text, enum severity *out);

/* Limits, in bytes; the mapper cuts text to them (with "~"). */
enum {
	RECORD_ID_MAX = 512,
	RECORD_TITLE_MAX = 400,
	RECORD_TEXT_MAX = 200,
	RECORD_DETAIL_MAX = 65536
};

struct record {
	long long rid; /* the store's key; 0 before it is stored */
	enum kind kind;
	enum state state;
	enum severity severity;
	int tier;           /* 1..5, 0 unknown */
	const char *source; /* the configured name */
	const char *id;     /* unique within (kind, source) */
	const char *title, *raw_state, *env, *owner, *service, *asset, *actor;
	usec_t started, ended, updated, due;
	usec_t gone_at; /* its source has it no more since then: looked at, or missing in a whole list; 0: it is there */
	const char *
		unread; /* why it could not be read again: what is known of it is stale; "": it was read */
	const char *amount, *expected, *currency; /* decimals as text, e.g. "1840.00" */
	const char *url;
	const char *
		parent; /* id of the record (same source, any kind) this one belongs to, or "" */
	json_t *labels; /* object of strings, or NULL; owned by the reference count, see record_release_json */
	json_t *opaque; /* what actions and logs need, or NULL */
	json_t *detail; /* the source's own JSON; only in full answers */
	/* filled by the store and by triage */
	int attention;         /* 0: needs nobody */
	const char *why;       /* the strongest phrases, "; " between */
	const char *cause;     /* first error line of a failed run, or "" */
	const char *signature; /* of the cause: records with the same one are one group */
	int group; /* how many open records share the signature (with this one), 0/1: alone */
	usec_t since;           /* when it came into this state (history) */
	usec_t seen;            /* last collected */
	const char *claimed_by; /* or "" */
	usec_t snoozed_until;
	const char *run; /* which run it is, see record_run; "" */
};

/* Which of the runs of one name it is, in words: what its labels say of `run`, else of logical_date, partition, number, branch;
 * what the title says already is left out. Appends. */
void record_run(const struct record *r, struct str *out);
/* Unset strings read as "": use this after memset/arena_alloc. */
void record_init(struct record *r);
void record_release_json(struct record *r);
/* "kind:source:id" -- what users type as --target and what URLs, locks and the audit use. The id may hold ":". */
bool record_key(const struct record *r, struct str *out);
bool record_key_parse(const char *key, enum kind *kind, char *source, size_t source_size,
	const char **id, struct err *e) MUST_USE;
/* Its source has it no more, and that is nobody's work. A state in which something bad still goes on (a heartbeat that is
 * missing) stays work. */
bool record_gone(const struct record *r);
/* The record as JSON: stable names as in DESIGN section 3, times ISO 8601, empty fields left out: --json,
 * input of runbook and connector expressions (`record.`). New reference. */
json_t *record_json(const struct record *r);
/* The names of its members, and of those that the question "record" adds, by number; NULL after the last. */
const char *record_member(size_t i);
/* Hash over everything that comes from the source: equal hash, nothing is written. */
unsigned long long record_hash(const struct record *r);

#endif
