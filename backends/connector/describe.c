/*
 * A request as one line for people. What is approved is this line, by the eye and by the plan's hash.
 */
#include "backends/base/shown.h"
#include "backends/connector/request.h"

static void describe_http(const struct rendered *r, struct str *out)
{
	str_addf(out, "%s %s", r->method, r->url.buf);
	if (json_object_size(r->headers)) {
		str_adds(out, " headers ");
		json_text_to(out, r->headers);
	}
	if (r->body.len) {
		str_addc(out, ' ');
		str_add(out, r->body.buf, r->body.len);
	}
}

static void describe_ssh(const struct rendered *r, struct str *out)
{
	const char *key;
	json_t *v;
	str_addf(out, "ssh %s:", r->host.buf);
	json_object_foreach (r->vars, key, v) {
		str_addf(out, " %s=", key);
		json_text_to(out, v);
	}
	str_addc(out, ' ');
	str_add(out, r->body.buf, r->body.len);
}

static void describe_sql(const struct rendered *r, struct str *out)
{
	json_t *v;
	size_t i;
	str_add(out, r->sql.buf, r->sql.len);
	json_array_foreach (r->params, i, v) {
		str_addf(out, "%s$%zu = ", i ? ", " : "  [", i + 1);
		json_text_to(out, v);
	}
	if (i)
		str_addc(out, ']');
}

void request_describe(const struct rendered *r, struct str *out)
{
	struct str raw = STR_INIT_MAX((size_t)1 << 30);
	switch (r->transport) {
	case DEF_HTTP:
		describe_http(r, &raw);
		break;
	case DEF_SQL:
		describe_sql(r, &raw);
		break;
	case DEF_SSH:
		describe_ssh(r, &raw);
		break;
	case DEF_NONE:
		break;
	}
	shown_exactly(out, raw.buf, raw.len);
	str_release(&raw);
}
