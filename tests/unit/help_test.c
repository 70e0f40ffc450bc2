/* `watchdesk help`: what it says of a key is said of one that there is. */
#include "tui/headless/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/jmespath.h"
#include "backends/base/mem.h"
#include "backends/base/yaml.h"
#include "backends/store/store.h"

struct wanted {
	const char *table, *key;
	bool found;
};

static void look(void *arg, const char *table, const char *key)
{
	struct wanted *w = arg;
	bool here = strcmp(w->table, "*") == 0 || strcmp(w->table, table) == 0;

	w->found = w->found || (here && strcmp(w->key, key) == 0);
}

static bool is_key(const char *topic, const char *table, const char *key)
{
	struct wanted w = {table, key, false};
	struct err e = ERR_INIT;

	if (!help_keys(topic, look, &w, &e))
		fail_msg("%s: %s", topic, e.msg);
	return w.found;
}

static bool is_function(const char *key)
{
	struct str takes = STR_INIT;
	const char *name;
	bool found = false;

	for (size_t i = 0; jmes_function(i, &name, &takes); i++)
		found = found || strcmp(name, key) == 0;
	str_release(&takes);
	return found;
}

static bool is_field(const char *key)
{
	const char *name;
	bool orders;

	for (size_t i = 0; (name = filter_field_name(i, &orders)); i++)
		if (strcmp(name, key) == 0)
			return true;
	return false;
}

static void test_words_are_of_keys(void **state)
{
	const char *topic, *table, *key;

	(void)state;
	for (size_t i = 0; help_word_at(i, &topic, &table, &key); i++) {
		bool ok = strcmp(topic, "functions") == 0 ? is_function(key)
			  : strcmp(topic, "filter") == 0  ? is_field(key)
							  : is_key(topic, table, key);

		if (!ok)
			fail_msg("help %s: there is no key \"%s\" in %s", topic, key,
				table);
		assert_true(help_word(topic, table, key)[0] != '\0');
	}
}

/* Each table of the checkers is reached: a part of the language that help forgets would be one without words. */
static void test_tables_are_reached(void **state)
{
	static const struct {
		const char *topic, *table, *key;
	} some[] = {{"connector", "a connector", "collect"},
		{"connector", "a setting", "type"}, {"connector", "login", "lifetime"},
		{"connector", "aws-sigv4", "region"},
		{"connector", "postgres", "sslmode"}, {"connector", "rate_limit", "as"},
		{"connector", "a collection", "gone_after"},
		{"connector", "page", "style"}, {"connector", "since", "watermark"},
		{"connector", "each", "wanted"}, {"connector", "reread", "max"},
		{"connector", "enrich", "as"}, {"connector", "record", "due"},
		{"connector", "a field", "rules"}, {"connector", "a rule", "then"},
		{"connector", "a call", "verify"}, {"connector", "a step", "name"},
		{"connector", "preview", "refuse"}, {"connector", "verify", "until"},
		{"connector", "requires", "that"}, {"connector", "absent", "code"},
		{"connector", "parts of parts", "id"}, {"connector", "log", "tail"},
		{"connector", "parts", "try"}, {"runbook", "`sql`", "rows"},
		{"runbook", "`rows`", "min"}, {"runbook", "`wait`", "until"},
		{"runbook", "`foreach`", "as"}, {"runbook", "`ssh`", "vars"},
		{"runbook", "a parameter", "pattern"}, {"config", "worker", "keep"},
		{"config", "a source", "zone"}, {"config", "a host", "identity"},
		{"config", "an asset", "match"}, {"theme", "roles", "danger"},
		{"theme", "a look", "fg"}};

	(void)state;
	for (size_t i = 0; i < LENGTH(some); i++)
		if (!is_key(some[i].topic, some[i].table, some[i].key))
			fail_msg("%s: %s: %s", some[i].topic, some[i].table, some[i].key);
	assert_false(is_key("connector", "a connector", "collects"));
}

static void test_signatures(void **state)
{
	struct str takes = STR_INIT;
	const char *name;

	(void)state;
	for (size_t i = 0; jmes_function(i, &name, &takes); i++) {
		if (strcmp(name, "replace") == 0)
			assert_string_equal(takes.buf, "text, text, text");
		if (strcmp(name, "format") == 0)
			assert_string_equal(takes.buf, "text, any, ...");
		str_clear(&takes);
	}
	str_release(&takes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_of_keys),
		cmocka_unit_test(test_tables_are_reached),
		cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
