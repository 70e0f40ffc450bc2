/* Any bytes as a reply: read, paged and mapped, they give safe records, or words. */
#include <stdint.h>
#include <string.h>

#include "backends/base/utf8.h"
#include "backends/connector/fetch.h"
#include "backends/connector/mapping.h"
#include "backends/connector/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"connector: c\ntitle: T\nsettings: {url: {type: url}}\ncollect:\n  c:\n    kind: "
	"run\n    get: /x\n"
	"    page: {style: token, param: t, next: next, items: rows}\n"
	"    record: {id: id, title: \"join(' ', [t, u])\", state: {value: s, map: {a: "
	"failed, \"1\": running}}, started: w, tier: n,\n"
	"      amount: n, url: u, severity: {rules: [{when: \"n > `3`\", then: high}], "
	"value: s, default: low},\n"
	"      labels: l, opaque: {o: o}, owner: \"match(t, '(a+)b') | [1]\"}\n";

static void check(const char *s)
{
	struct str out = STR_INIT;
	BUG_ON(!utf8_clean(&out, s, strlen(s), 1 << 16, UTF8_ONE_LINE));
	str_release(&out);
}

static void map_all(const struct mapper *m, json_t *items)
{
	json_t *item;
	size_t i;
	json_array_foreach (items, i, item) {
		struct record r;
		struct err e = ERR_INIT;
		if (!map_record(m, item, &r, &e))
			continue;
		check(r.id);
		check(r.title);
		check(r.raw_state);
		check(r.owner);
		record_release_json(&r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct connector *c;
	static struct config cfg;
	struct err e = ERR_INIT;
	c = c ? c : connector_parse("x/c.yaml", text, sizeof(text) - 1, &e);
	BUG_ON(!c);
	struct source s = {.def = c,
		.cfg = {.name = "s", .env = "", .owner = ""},
		.reach = {.config = &cfg}};
	struct arena a = ARENA_INIT;
	struct map_flaws flaws = {0};
	struct mapper m = {&s, &c->collects[0], json_object(), &a, &flaws};
	struct exchange_reply r = {.link = "", .next = ""};
	struct paging p;
	json_t *items = NULL;
	bool more;
	r.body = reply_read(
		&c->collects[0].fetch.request, (const char *)data, size, &r.repaired, &e);
	paging_init(&p, &c->collects[0].fetch.page, "http://x");
	if (r.body && paging_take(&p, &r, m.scope, &items, &more, &e))
		map_all(&m, items);
	json_decref(items);
	json_decref(r.body);
	json_decref(m.scope);
	paging_release(&p);
	arena_release(&a);
	return 0;
}
