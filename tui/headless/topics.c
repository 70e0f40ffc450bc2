/* watchdesk help [TOPIC|COMMAND]: what stands in files and after `/`, from the tables that the programs use. */
#include <stdio.h>
#include <string.h>

#include "backends/base/jmespath.h"
#include "backends/base/mem.h"
#include "backends/store/store.h"
#include "tui/command.h"
#include "tui/headless/commands.h"
#include "tui/headless/help.h"
#include "tui/keymap.h"
#include "tui/view.h"
#include "tui/views/views.h"

static int print_functions(void)
{
	const char *name;
	struct str takes = STR_INIT;

	printf("Expressions are JMESPath (https://jmespath.org), with these functions. "
	       "null in gives null out where\nthat makes sense.\n\n");
	for (size_t i = 0; jmes_function(i, &name, &takes); i++) {
		char call[80];

		str_format(call, sizeof(call), "%s(%s)", name, takes.buf);
		printf("  %-44s %s\n", call, help_word("functions", "", name));
		str_clear(&takes);
	}
	str_release(&takes);
	return EXIT_DONE;
}

static int print_states(void)
{
	printf("The states of each kind of record. * wants a person.\n\n");
	for (int k = 0; k < KIND_COUNT; k++) {
		printf("  %-10s", kind_name((enum kind)k));
		for (int s = 0; s < STATE_COUNT; s++)
			if (state_of_kind((enum kind)k, (enum state)s))
				printf(" %s%s", state_name((enum state)s),
					state_bad((enum kind)k, (enum state)s) ? "*"
									       : "");
		printf("\n");
	}
	printf("\n  %-10s", "severity");
	for (int s = 0; s < SEVERITY_COUNT; s++)
		printf(" %s", severity_name((enum severity)s));
	printf("\n");
	return EXIT_DONE;
}

static int print_filter(void)
{
	const char *name;
	bool orders;

	printf("After `/` in the console, and behind the lane of `watchdesk list`.\n"
	       "Words are looked for in what a row shows and in its notes; FIELD:VALUE "
	       "compares, several values with\ncommas, * and ? stand for anything; ! "
	       "before a term inverts it; | between terms: one side or the other\nholds; "
	       "quotes hold blanks together.\n\n");
	for (size_t i = 0; (name = filter_field_name(i, &orders)); i++)
		printf("  %-10s %-14s %s\n", name, orders ? ": < <= > >=" : ":",
			help_word("filter", "", name));
	printf("\nExamples\n  state:failed env:prod tier:1 age<2h\n  kind:run,check "
	       "!owner:data-core orders\n");
	return EXIT_DONE;
}

static void print_commands(const struct command *c)
{
	struct str keys = STR_INIT;

	for (; c && c->name; c++) {
		str_clear(&keys);
		keymap_all(c->keys, &keys);
		printf("  %-16s %-18s %s\n", keys.buf, c->name, c->help);
	}
	str_release(&keys);
}

static int print_keys(void)
{
	printf("Everywhere\n");
	print_commands(general_commands);
	for (size_t i = 0; views[i]; i++) {
		if (!views[i]->commands || !views[i]->commands->name)
			continue;
		printf("\n%s: %s\n", views[i]->name,
			views[i]->help ? views[i]->help : "");
		print_commands(views[i]->commands);
	}
	printf("\nAny name can be typed after `:`.\n");
	return EXIT_DONE;
}

static int print_file(const char *topic)
{
	struct err e = ERR_INIT;

	printf("The keys of %s files. TEMPLATE: a text with {{ EXPR }}; EXPR: an "
	       "expression, `watchdesk help functions`;\nPATH: a TEMPLATE whose values "
	       "are encoded.\n",
		topic);
	if (!help_keys(topic, NULL, NULL, &e))
		return headless_fail(&e);
	help_specimen(topic);
	return EXIT_DONE;
}

static int print_connector(void)
{
	return print_file("connector");
}

static int print_runbook(void)
{
	return print_file("runbook");
}

static int print_config(void)
{
	return print_file("config");
}

static int print_theme(void)
{
	return print_file("theme");
}

static const struct {
	const char *name;
	int (*print)(void);
} topics[] = {
	{"connector", print_connector},
	{"runbook", print_runbook},
	{"functions", print_functions},
	{"states", print_states},
	{"filter", print_filter},
	{"keys", print_keys},
	{"theme", print_theme},
	{"config", print_config},
};

int cmd_help(const struct arguments *a)
{
	const char *word = a->n_rest > 0 ? a->rest[0] : NULL;
	const struct subcommand *c = word ? command_find(word) : NULL;

	for (size_t i = 0; word && i < LENGTH(topics); i++)
		if (strcmp(topics[i].name, word) == 0)
			return topics[i].print();
	if (c && c->help)
		command_print(c);
	else if (word)
		command_unknown(word);
	else
		commands_print();
	return !word || (c && c->help) ? EXIT_DONE : EXIT_WRONG_CALL;
}
