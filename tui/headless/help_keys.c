/*
 * watchdesk help connector|runbook|config|theme: the keys of the files that people write. They come from the checkers
 * themselves: each is given a file in which everything stands once, and tells the tables that it checks it against. So a
 * key is named here exactly when it is taken; what is said of it: help_words.c.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/connector/config.h"
#include "backends/connector/connector_def.h"
#include "runbooks/engine/runbook.h"
#include "tui/headless/help.h"
#include "tui/theme.h"

enum { TABLES_MAX = 64, KEYS_MAX = 80 };

struct table {
	char *what;
	struct yaml_key keys[KEYS_MAX];
	size_t n;
};

struct tables {
	struct table list[TABLES_MAX];
	size_t n;
};

/* Checkers name the thing in hand, people look for its kind. Words stand under these names: help_words.c. */
static const struct {
	const char *from, *to;
} kinds[] = {{"url", "a setting"}, {"mode", "a setting"}, {"groups", "a setting"},
	{"token", "a secret"}, {"password", "a secret"}, {"collection ", "a collection"},
	{"call ", "a call"}, {"state", "a field"}, {"severity", "a field"},
	{"source ", "a source"}, {"host ", "a host"}, {"text", "a look"},
	{"dim", "a look"}, {"bad", "a look"}};

static const char *kind_of(const char *what)
{
	for (size_t i = 0; i < LENGTH(kinds); i++)
		if (str_ends(kinds[i].from, " ") ? str_starts(what, kinds[i].from)
						 : strcmp(what, kinds[i].from) == 0)
			return kinds[i].to;
	return what;
}

/* Tables may stand on the checker's stack: they are copied. The names of keys do not. */
static void take(void *arg, const char *what, const struct yaml_key *keys)
{
	struct tables *all = arg;
	struct table *t;

	what = kind_of(what);
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].what, what) == 0)
			return;
	BUG_ON(all->n == TABLES_MAX);
	t = &all->list[all->n++];
	t->what = xstrdup(what);
	for (; keys[t->n].name; t->n++) {
		BUG_ON(t->n == KEYS_MAX);
		t->keys[t->n] = keys[t->n];
	}
}

static void type_words(unsigned types, char *out, size_t size)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {{YAML_STRING, "text"}, {YAML_INT, "number"},
		{YAML_BOOL, "true/false"}, {YAML_OBJECT, "mapping"}, {YAML_ARRAY, "list"},
		{YAML_NUMBER, "number"}, {YAML_DURATION, "duration"},
		{YAML_COUNT, "number"}};
	struct str text = STR_INIT_MAX(100);

	if ((types & YAML_ANY) == YAML_ANY)
		str_adds(&text, "anything");
	else if ((types & YAML_SCALAR) == YAML_SCALAR)
		str_adds(&text, "value");
	else
		for (size_t i = 0; i < LENGTH(words); i++)
			if (types & words[i].bit)
				str_addf(&text, "%s%s", text.len ? ", " : "",
					words[i].word);
	(void)str_copy(out, size, text.buf);
	str_release(&text);
}

static void print_table(const char *topic, const struct table *t)
{
	printf("\n%s\n", t->what);
	for (size_t i = 0; i < t->n; i++) {
		char type[64];

		type_words(t->keys[i].types, type, sizeof(type));
		printf("  %-18s %-14s %s%s\n", t->keys[i].name, type,
			t->keys[i].required ? "needed. " : "",
			help_word(topic, t->what, t->keys[i].name));
	}
}

static bool check_connector(struct err *e)
{
	struct connector *c = connector_parse(
		"name.yaml", help_connector_specimen, strlen(help_connector_specimen), e);

	connector_free(c);
	return c != NULL;
}

static bool check_runbook(struct err *e)
{
	struct runbook *r = runbook_parse(
		"name.yaml", help_runbook_specimen, strlen(help_runbook_specimen), e);

	runbook_free(r);
	return r != NULL;
}

static bool check_config(struct err *e)
{
	struct config c;

	if (!config_parse(&c, "config.yaml", help_config_specimen,
		    strlen(help_config_specimen), e))
		return false;
	config_release(&c);
	return true;
}

static bool check_theme(struct err *e)
{
	struct theme t;

	return theme_parse(
		&t, "name.yaml", help_theme_specimen, strlen(help_theme_specimen), e);
}

static const struct {
	const char *topic;
	bool (*check)(struct err *e);
	const char *const *specimen;
} files[] = {
	{"connector", check_connector, &help_connector_specimen},
	{"runbook", check_runbook, &help_runbook_specimen},
	{"config", check_config, &help_config_specimen},
	{"theme", check_theme, &help_theme_specimen},
};

/* False: this topic is no file, or (with e) its specimen is wrong, which a unit test would have seen. */
static bool tell(const char *topic, struct tables *all, struct err *e)
{
	bool ok = false;

	for (size_t i = 0; i < LENGTH(files); i++) {
		if (strcmp(files[i].topic, topic) != 0)
			continue;
		yaml_tell_tables(take, all);
		ok = files[i].check(e);
		yaml_tell_tables(NULL, NULL);
	}
	return ok;
}

bool help_keys(const char *topic, help_key_fn *fn, void *arg, struct err *e)
{
	struct tables *all = xcalloc(1, sizeof(*all));
	bool ok = tell(topic, all, e);

	for (size_t i = 0; i < all->n; i++) {
		for (size_t k = 0; ok && fn && k < all->list[i].n; k++)
			fn(arg, all->list[i].what, all->list[i].keys[k].name);
		if (ok && !fn)
			print_table(topic, &all->list[i]);
		free(all->list[i].what);
	}
	free(all);
	return ok;
}

void help_specimen(const char *topic)
{
	for (size_t i = 0; i < LENGTH(files); i++)
		if (strcmp(files[i].topic, topic) == 0)
			printf("\nA file in which each of them stands once\n\n%s",
				*files[i].specimen);
}
