/*
 * Every call of every shipped connector: a change that never arrived, or was only accepted, and a far side that answers
 * `verify` with nothing, an error, a web page or half a reply. None of these may prove anything, before or after. A new
 * connector is covered by being there.
 */
#include "backends/base/file.h"
#include "backends/connector/call_look.h"
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Replies that show nothing; NULL: none at all. */
static const char *const replies[] = {"null", "{}", "\"\"", "[]", "[{}]", "[null]",
	"{\"error\": \"x\"}", "{\"error\": {\"code\": 500, \"message\": \"x\"}}",
	"{\"errors\": [{\"message\": \"x\"}], \"message\": \"x\", \"detail\": \"x\"}",
	"{\"result\": {}}", "{\"result\": []}", "{\"result\": null}",
	"\"<html>Sign in</html>\"", "\"<!DOCTYPE html><html></html>\"", NULL};
/* What stands for each opaque key: nothing, a text, a list. */
static const char *const samples[] = {"null", "\"x1\"", "[\"x1\"]"};
static const char *const called[] = {
	NULL, "{}", "{\"id\": \"x1\", \"silenceID\": \"x1\"}"};

static json_t *parsed(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

static json_t *make_input(const struct connector *c, const char *sample, const char *made)
{
	json_t *opaque = json_object(), *one, *v;
	const char *name, *key;
	json_object_foreach (json_object_get(c->doc.root, "collect"), name, one)
		json_object_foreach (
			json_object_get(json_object_get(one, "record"), "opaque"), key, v)
			json_object_set_new(opaque, key, parsed(sample));
	json_t *in = json_pack("{s:{s:s, s:o}, s:{}, s:s}", "record", "id", "x1",
		"opaque", opaque, "params", "reason", "test");
	if (made)
		json_object_set_new(in, "called", parsed(made));
	return in;
}

struct tried {
	const struct connector *c;
	const struct def_call *def;
	json_t *input;
};

/* One look as call_look.c makes it, at a reply that no transport brought. */
static enum call_look look_at(
	const struct tried *t, const struct exchange_reply *r, bool before)
{
	struct source s = {.def = (struct connector *)(uintptr_t)t->c,
		.settings = json_object(),
		.given = json_object(),
		.info = json_object()};
	struct str known = STR_INIT_MAX(4096);
	struct err e = r->err;
	struct call call = {.source = &s, .def = t->def, .before = before};
	call.input = t->input;
	call.scope = json_object();
	json_object_update(call.scope, t->input);
	json_object_update(call.scope, json_path(t->input, "record.opaque"));
	json_t *was = json_sub(t->input, "before");
	call.was.whole = was != NULL;
	call.was.body = json_object_get(was, "body");
	json_object_set(
		call.scope, "before", call.was.body ? call.was.body : json_null());
	call.called = json_sub(t->input, "called") != NULL;
	enum call_look look = call_look(&call, r, &known, &e);
	json_decref(call.scope);
	json_decref(s.settings);
	json_decref(s.given);
	json_decref(s.info);
	str_release(&known);
	return look;
}

static void try_reply(const struct tried *t, const char *text, bool whole, int status)
{
	json_t *body = parsed(text);
	struct exchange_reply r = {.status = status,
		.body = body,
		.whole = whole,
		.affected = -1,
		.exit_code = -1,
		.doubt = "",
		.err_out = "",
		.link = "",
		.next = ""};
	if (!text || status >= 300)
		err_set(&r.err, ERR_NET, "no answer");
	for (int before = 0; before < 2; before++)
		if (look_at(t, &r, before != 0) == LOOK_HOLDS)
			fail_msg("%s, call %s: %s is proved by HTTP %d %s%s", t->c->name,
				t->def->name, before ? "already" : "success", status,
				text ? text : "(none)", whole ? "" : " (cut)");
	json_decref(body);
}

static void try_replies(const struct tried *t)
{
	static const int statuses[] = {200, 204, 401, 403, 404, 429, 500, 503};
	for (size_t i = 0; i < LENGTH(replies); i++)
		for (size_t k = 0; k < LENGTH(statuses); k++) {
			try_reply(t, replies[i], true, statuses[k]);
			try_reply(t, replies[i], false, statuses[k]);
		}
}

/* What was read before, if anything, and odd things among it. */
static void try_call(const struct connector *c, const struct def_call *def)
{
	static const char *const before[] = {NULL, "{}", "[]", "{\"error\": \"x\"}"};
	for (size_t i = 0; i < LENGTH(samples); i++)
		for (size_t k = 0; k < LENGTH(called); k++)
			for (size_t b = 0; b < LENGTH(before); b++) {
				struct tried t = {
					c, def, make_input(c, samples[i], called[k])};
				json_t *body = parsed(before[b]);
				if (body)
					json_object_set_new(t.input, "before",
						json_pack("{s:b, s:b, s:o}", "whole", 1,
							"holds", 0, "body", body));
				try_replies(&t);
				json_decref(t.input);
			}
}

/* The call's own reply: it proves nothing that an empty one, an error or a status could say. */
static void try_effect(const struct connector *c, const struct def_call *def)
{
	static const int statuses[] = {200, 201, 202, 204};
	for (size_t i = 0; i + 1 < LENGTH(replies); i++)
		for (size_t k = 0; k < LENGTH(statuses); k++) {
			json_t *body = parsed(replies[i]);
			struct exchange_reply r = {.status = statuses[k],
				.body = body,
				.whole = true,
				.sent = true,
				.affected = -1,
				.exit_code = -1,
				.doubt = "",
				.err_out = ""};
			struct err e = ERR_INIT;
			struct call call = {.def = def,
				.step = def->n_steps - 1,
				.scope = json_object()};
			json_t *envelope = exchange_envelope(&r);
			call_judge(&call, &r, envelope, false, &e);
			if (call.effect == CALL_PROVED || call.effect == CALL_NOTHING)
				fail_msg("%s, call %s: effect %d by HTTP %d %s", c->name,
					def->name, (int)call.effect, statuses[k],
					replies[i]);
			json_decref(envelope);
			json_decref(call.scope);
			json_decref(body);
		}
}

static void test_catalog(void **state)
{
	glob_t files;
	size_t calls = 0;
	(void)state;
	assert_int_equal(glob("backends/catalog/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct err e = ERR_INIT;
		struct connector *c = connector_load(files.gl_pathv[i], &e);
		if (!c)
			fail_msg("%s", e.msg);
		for (size_t k = 0; c && k < c->n_calls; k++, calls++) {
			if (c->calls[k].verify.given)
				try_call(c, &c->calls[k]);
			try_effect(c, &c->calls[k]);
		}
		connector_free(c);
	}
	globfree(&files);
	assert_true(calls >= 20);
}

static struct connector *loaded(const char *path, const char *call, struct tried *t)
{
	struct err e = ERR_INIT;
	struct connector *c = connector_load(path, &e);
	if (!c)
		fail_msg("%s", e.msg);
	*t = (struct tried){.c = c, .def = connector_call(c, call)};
	assert_non_null(t->def);
	return c;
}

static void expect_before(struct tried *t, const char *body, enum call_look want)
{
	json_t *read = parsed(body);
	struct exchange_reply r = {.status = 200,
		.body = read,
		.whole = true,
		.affected = -1,
		.exit_code = -1,
		.doubt = "",
		.err_out = "",
		.link = ""};
	assert_int_equal(look_at(t, &r, true), want);
	json_decref(read);
}

/* Somebody ran it again meanwhile, and it failed once more: its tasks are not cleared already. */
static void test_what_failed_once_more_is_not_already_cleared(void **state)
{
	struct tried t;
	struct connector *c =
		loaded("backends/catalog/airflow3.yaml", "clear_failed", &t);
	(void)state;
	t.input = json_pack("{s:{s:s, s:{s:s}}}", "record", "id", "x1", "opaque",
		"end_date", "2026-11-01T00:00:00Z");
	expect_before(&t,
		"{\"state\": \"failed\", \"end_date\": \"2026-11-02T00:00:00Z\"}",
		LOOK_NOT_YET);
	expect_before(&t, "{\"state\": \"running\", \"end_date\": null}", LOOK_HOLDS);
	json_decref(t.input);
	connector_free(c);
}

/* The same of running all of it again: what runs now and did not before is it, and what is as it was is not. */
static void test_what_failed_once_more_is_run_again(void **state)
{
	struct tried t;
	struct connector *c = loaded("backends/catalog/airflow3.yaml", "rerun", &t);
	static const char failed[] =
		"{\"state\": \"failed\", \"end_date\": \"2026-11-02T00:00:00Z\"}";
	const struct {
		const char *body;
		enum call_look look;
	} looks[] = {{failed, LOOK_NOT_YET},
		{"{\"state\": \"running\", \"end_date\": null}", LOOK_HOLDS}};

	(void)state;
	t.input = json_pack("{s:{s:s, s:{s:s}}, s:{s:b, s:b, s:o}}", "record", "id", "x1",
		"opaque", "end_date", "2026-11-01T00:00:00Z", "before", "whole", 1,
		"holds", 0, "body", parsed(failed));
	for (size_t i = 0; i < LENGTH(looks); i++) {
		json_t *body = parsed(looks[i].body);
		struct exchange_reply r = {.status = 200,
			.body = body,
			.whole = true,
			.affected = -1,
			.exit_code = -1,
			.doubt = "",
			.err_out = "",
			.link = ""};
		assert_int_equal(look_at(&t, &r, false), looks[i].look);
		json_decref(body);
	}
	json_decref(t.input);
	connector_free(c);
}

/* Who is a superuser by an attribute has no membership: that must not look as if it were taken away already. */
static void test_an_attribute_is_no_membership(void **state)
{
	struct tried t;
	struct connector *c =
		loaded("backends/catalog/postgres-access.yaml", "revoke", &t);
	struct err e = ERR_INIT;
	json_t *none = json_pack("{s:n}", "via"), *some = json_pack("{s:s}", "via", "rw");
	(void)state;
	assert_int_equal(t.def->n_requires, 1);
	json_t *of_none = jmes_search(t.def->requires[0].that.jmes, none, none, &e);
	json_t *of_some = jmes_search(t.def->requires[0].that.jmes, some, some, &e);
	assert_false(jmes_truthy(of_none));
	assert_true(jmes_truthy(of_some));
	json_decref(of_none);
	json_decref(of_some);
	json_decref(none);
	json_decref(some);
	connector_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_what_failed_once_more_is_not_already_cleared),
		cmocka_unit_test(test_what_failed_once_more_is_run_again),
		cmocka_unit_test(test_an_attribute_is_no_membership),
	};
	return cmocka_run_group_tests_name("false_proof", tests, NULL, NULL);
}
