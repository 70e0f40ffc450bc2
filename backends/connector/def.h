#ifndef CONNECTOR_PARSE_H
#define CONNECTOR_PARSE_H

#include "backends/connector/connector_def.h"
#include <stdint.h>

/*
 * Internal to definition.c and def_*.c: reading the file into the structs of
 * connector_def.h. Everything that is allocated lives in the connector's arena; compiled
 * expressions and templates are registered there, so that a half-read file is freed like
 * a whole one. A missing key leaves its field as it is and is no error.
 */
bool def_expr(struct connector *c, const json_t *obj, const char *key,
	struct def_expr *out, struct err *e) MUST_USE;
/* For an expression that is no member of an object by that key; obj and key are for the
 * place only. */
bool def_expr_text(struct connector *c, const json_t *obj, const char *key,
	const char *text, struct def_expr *out, struct err *e) MUST_USE;
/* For one whose input is the scope object. */
bool def_expr_of_scope(struct connector *c, const json_t *obj, const char *key,
	struct def_expr *out, struct err *e) MUST_USE;
bool def_tmpl(struct connector *c, const json_t *obj, const char *key, struct tmpl **out,
	struct err *e) MUST_USE;
/* Registers a compiled template (NULL: failed) to be freed with the connector. */
bool def_keep(struct connector *c, struct tmpl *t, struct tmpl **out) MUST_USE;
bool def_path(struct connector *c, const json_t *obj, const char *key, struct tmpl **out,
	struct err *e) MUST_USE;
bool def_strings(struct connector *c, const json_t *obj, const char *key,
	const char *const **out, size_t *n, struct err *e) MUST_USE;
int64_t def_ms(const json_t *obj, const char *key,
	int64_t fallback); /* of a value that yaml_check has seen */
/* One of names[n]; the index, or -1 with e. */
int def_word(struct connector *c, const json_t *obj, const char *key,
	const char *const *names, size_t n, struct err *e);
void *def_alloc(
	struct connector *c, size_t count, size_t size); /* zeroed; count 0 gives NULL */

/* yaml_check of `obj` against `own`, the keys of a request (with_request) and of a fetch
 * (page, items). */
enum def_with { WITH_OWN, WITH_REQUEST, WITH_FETCH };
bool def_check(struct connector *c, const json_t *obj, const char *what,
	const struct yaml_key *own, enum def_with with, struct err *e) MUST_USE;

/* obj has passed def_check. `base` (or NULL) gives what is not in obj: previews.
 * Transport DEF_NONE when there is no request. */
bool def_request(struct connector *c, const json_t *obj, const struct def_request *base,
	struct def_request *out, struct err *e) MUST_USE;
bool def_fetch(struct connector *c, const json_t *obj, struct def_fetch *out,
	struct err *e) MUST_USE;
/* As above, and a missing request is an error. */
bool def_need_request(struct connector *c, const json_t *obj,
	const struct def_request *rq, const char *what, struct err *e) MUST_USE;

bool def_settings(struct connector *c, struct err *e) MUST_USE;
bool def_auths(struct connector *c, struct err *e) MUST_USE;
bool def_record(struct connector *c, const json_t *in, enum kind kind,
	struct def_record *out, struct err *e) MUST_USE;
bool def_collects(struct connector *c, struct err *e) MUST_USE;
bool def_calls(struct connector *c, struct err *e) MUST_USE;
bool def_logs(struct connector *c, struct err *e) MUST_USE;
/* def_verify.c: the parts of a call that prove something, and that forbid it. */
bool def_requires(struct connector *c, const json_t *in, struct def_call *out,
	struct err *e) MUST_USE;
bool def_verify(struct connector *c, const json_t *in, struct def_call *out,
	struct err *e) MUST_USE;
/* Refuses an expression of the body (or the envelope) that is true of an empty reply. */
bool def_positive(struct connector *c, const json_t *in, const char *key,
	const struct def_expr *x, bool of_envelope, bool errors_are_told,
	struct err *e) MUST_USE;
/* What works and is hardly meant: for connector_warning. `e`: made by yaml_err, its words begin with "warning: ". */
void def_warn(struct connector *c, const struct err *e);
/* Expressions over the body of a reply, where names of the scope or the envelope are likely slips. */
void def_warn_body(
	struct connector *c, const json_t *in, const char *key, const struct def_expr *x);
bool def_says(
	struct connector *c, const json_t *in, struct tmpl **out, struct err *e) MUST_USE;
/* What a script of a call prints is for people, unless the file says how to read it. */
void def_ssh_text(const json_t *in, struct def_request *rq);

/* jansson walks only what may be changed; the file's tree never is. */
static inline json_t *def_iter(const json_t *v)
{
	return (json_t *)(uintptr_t)v;
}

/*
 * def_names.c: the names of the scope. A reader says what its part sees before it reads expressions and templates; a
 * name that is not there, and a setting or secret that is not declared, is then refused where it stands.
 */
enum {
	SEES_SETTINGS = 1 << 0,
	SEES_GIVEN = 1 << 1,
	SEES_SOURCE = 1 << 2,
	SEES_OPERATOR = 1 << 3,
	SEES_NOW = 1 << 4,
	SEES_ALWAYS = (1 << 5) - 1,
	SEES_SECRET = 1 << 5,
	SEES_SINCE = 1 << 6,
	SEES_EACH = 1 << 7,
	SEES_ITEM = 1 << 8,
	SEES_RECORD = 1 << 9, /* and its opaque keys by their bare names */
	SEES_PARAMS = 1 << 10,
	SEES_REASON = 1 << 11,
	SEES_ACTION = 1 << 12,
	SEES_PREV = 1 << 13,
	SEES_STEPS = 1 << 14,
	SEES_REPLY = 1 << 15,
	SEES_PART = 1 << 16,
	SEES_TOKEN = 1 << 17,
	SEES_CALLED = 1 << 18,
	SEES_BEFORE = 1 << 19,
	SEES_IN_CALLS = SEES_PARAMS | SEES_REASON | SEES_ACTION | SEES_PREV | SEES_STEPS,
	SEES_LATER = SEES_PREV | SEES_STEPS | SEES_CALLED | SEES_BEFORE
};
void def_sees(struct connector *c, unsigned sees);
/* A record of this collection (NULL: of any), of this kind (KIND_COUNT: of any). */
void def_sees_record(
	struct connector *c, unsigned sees, const json_t *of, enum kind kind);
/* For tmpl_compile_known. */
struct tmpl_names def_names(struct connector *c);
/* For expressions, which never see secrets; `of_scope`: the input is the scope object. */
bool def_names_known(struct connector *c, const struct jmes *j, bool of_scope,
	struct err *why) MUST_USE;

/* Templates between these two see secrets; the names they mention come out, closed by NULL. Pairs nest: the outer one
 * gets those of the inner too. */
struct def_mentions {
	bool *secrets;
	unsigned roots, mentioned;
};
struct def_mentions def_secrets_begin(struct connector *c);
const char *const *def_secrets_end(struct connector *c, struct def_mentions before);

#endif
