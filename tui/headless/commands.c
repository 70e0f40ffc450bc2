/* The table of commands and the table of options, and the pages that are made of them. */
#include "tui/headless/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/yaml.h"
#include "backends/store/writer.h"
#include "tui/console.h"

static const struct subcommand subcommands[];
static const struct command_option options[];

const struct subcommand *command_at_number(size_t i)
{
	return subcommands[i].name ? &subcommands[i] : NULL;
}

const struct command_option *option_at(size_t i)
{
	return options[i].name ? &options[i] : NULL;
}

const struct subcommand *command_find(const char *name)
{
	for (const struct subcommand *c = subcommands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void command_unknown(const char *name)
{
	const char *names[32], *near;
	size_t n = 0;

	for (const struct subcommand *c = subcommands; c->name; c++)
		if (c->help && n < LENGTH(names))
			names[n++] = c->name;
	near = yaml_nearest(name, names, n);
	fprintf(stderr, "watchdesk: no such command \"%s\"", name);
	if (near)
		fprintf(stderr, ": did you mean \"%s\"?", near);
	else
		fputc('.', stderr);
	fprintf(stderr, " `watchdesk help` names them all.\n");
}

void option_unknown(const char *word)
{
	const char *names[64], *near;
	size_t n = 0;
	char *name = xstrndup(
		word + strspn(word, "-"), strcspn(word + strspn(word, "-"), "="));

	for (const struct command_option *o = options; o->name && n < LENGTH(names); o++)
		names[n++] = o->name;
	near = yaml_nearest(name, names, n);
	fprintf(stderr, "watchdesk: no such option \"%s\"", word);
	if (near)
		fprintf(stderr, ": did you mean --%s?", near);
	else
		fputc('.', stderr);
	fprintf(stderr, " `watchdesk COMMAND --help` names those of a command.\n");
	free(name);
}

bool wants_help(char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0)
			return true;
	return false;
}

/* ---- pages ----------------------------------------------------------------------------- */

static const char everything[] = "config store json help";

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list && *list) {
		size_t n = strcspn(list, " ");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

static void print_options(const char *list)
{
	for (const struct command_option *o = options; o->name; o++) {
		char left[40];

		if (!has_word(list, o->name))
			continue;
		str_format(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
			o->value ? o->value : "");
		printf("  %-22s %s\n", left, o->help);
	}
}

void commands_print(void)
{
	printf("usage: watchdesk [COMMAND ...]          without one: the console\n\n");
	for (const struct subcommand *c = subcommands; c->name; c++)
		if (c->help)
			printf("  %-10s %-26s %s\n", c->name, c->args, c->help);
	printf("\nEverything takes\n");
	print_options(everything);
	printf("\nA KEY is kind:source:id as `watchdesk list` prints it.\n"
	       "`watchdesk COMMAND --help` has more of each, with "
	       "examples.\n" EXIT_WORDS);
}

void command_print(const struct subcommand *c)
{
	printf("usage: watchdesk %s %s\n\n%s.\n", c->name, c->args, c->help);
	if (c->more)
		printf("\n%s\n", c->more);
	if (c->options) {
		printf("\nOptions\n");
		print_options(c->options);
	}
	printf("\nExamples\n");
	for (size_t i = 0; i < LENGTH(c->examples) && c->examples[i]; i++)
		printf("  %s\n", c->examples[i]);
	printf("\nBesides: --config FILE, --store FILE%s. `watchdesk help` names all "
	       "commands.\n",
		c->worker ? "" : ", --json");
}

/* ---- tables ---------------------------------------------------------------------------- */

static int cmd_store_write(const struct arguments *a)
{
	return a->n_rest == 1 ? store_writer_main(a->rest[0]) : EXIT_WRONG_CALL;
}

static int cmd_console(const struct arguments *a)
{
	struct console_options o = {.config_path = a->config_path,
		.store_path = a->store_path,
		.theme = a->theme,
		.ascii = a->ascii,
		.mono = a->mono,
		.no_worker = a->no_worker};
	struct err e = ERR_INIT;

	return console_main(&o, &e) == 0 ? EXIT_DONE : headless_fail(&e);
}

static const struct subcommand subcommands[] = {
	{"console", "", "the console, which is what runs without a command", cmd_console,
		false, "theme ascii mono no-worker",
		"Keys: `?` in the console, or `watchdesk help keys`.",
		{"watchdesk", "watchdesk --theme light"}},
	{"list", "LANE [FILTER]", "the rows of a lane, most urgent first", cmd_list,
		false, "sort limit format",
		"LANE is triage, runs, incidents, access, grants, cost, checks, changes, "
		"all, actions or\nsources; without one: triage. FILTER is as after `/` "
		"in "
		"the console: `watchdesk help filter`.\nOne line a record; on a terminal "
		"with a header. How many there are goes to stderr.",
		{"watchdesk list triage severity:critical",
			"watchdesk list runs state:failed --format key,title,cause"}},
	{"show", "KEY", "one record with its history, links and notes", cmd_show, false,
		NULL, "KEY is kind:source:id as `watchdesk list` prints it.",
		{"watchdesk show incident:alertmanager:4f1b",
			"watchdesk show run:airflow-prod:orders_daily/42 --json"}},
	{"log", "KEY", "the log of a run, fetched now", cmd_log, false, "part no-worker",
		NULL,
		{"watchdesk log run:airflow-prod:orders_daily/42",
			"watchdesk log run:airflow-prod:orders_daily/42 --part 2"}},
	{"run", "RUNBOOK --target KEY", "preview an action, and run it with --yes",
		cmd_run, false, "target param dry-run yes reason confirm no-worker",
		"Without --yes nothing is sent: the preview is printed, and what is "
		"missing. The gates are those\nof the console. `watchdesk runbook list` "
		"names the runbooks.",
		{"watchdesk run rerun-failed-tasks --target "
		 "run:airflow-prod:orders_daily/42 "
		 "--dry-run",
			"watchdesk run revoke-grant --target grant:okta:7 --yes --reason "
			"\"left the team\" --confirm kim"}},
	{"answer", "ACTION [yes|no]", "what a running action asks, and the answer to it",
		cmd_answer, false, "target no-worker",
		"ACTION is its number, as `watchdesk list actions` prints it. Without "
		"yes "
		"or no it says what is asked.",
		{"watchdesk answer 17", "watchdesk answer 17 yes"}},
	{"audit", "[ACTION] | verify [HEAD]",
		"what was asked, sent and answered; whether nothing of it is missing",
		cmd_audit, false, "limit",
		"`verify` walks the chain of hashes. HEAD, SEQ:HASH as `verify` printed "
		"it "
		"some time ago, finds an end that\nwas cut off since.",
		{"watchdesk audit 17", "watchdesk audit verify"}},
	{"doctor", "", "what is wrong on this side", cmd_doctor, false, "theme",
		"Configuration, connectors, sources and their secrets, runbooks, store, "
		"worker. Nothing is sent to a\nsource; a secret's command is run. Exit "
		"status 78: a file of yours is wrong; 1: something else is.",
		{"watchdesk doctor", "watchdesk doctor --json"}},
	{"worker", "[--foreground|--stop]",
		"collect and act; the console starts one by itself", NULL, true, NULL,
		"--foreground stays until it is ended. --stop ends the worker of this "
		"store;\nwhat was sent, the next one looks after.",
		{"watchdesk worker --foreground", "watchdesk worker --stop"}},
	{"connector", "check FILE... | try NAME",
		"validate connector files; fetch once from a source", NULL, true, NULL,
		"`try NAME` takes --collection C and --json. The language: `watchdesk "
		"help "
		"connector`.",
		{"watchdesk connector check connectors/jobs.yaml",
			"watchdesk connector try airflow-prod --collection runs"}},
	{"runbook", "list | check FILE...",
		"the runbooks that there are; validate runbook files", cmd_runbook, false,
		NULL, "The language: `watchdesk help runbook`.",
		{"watchdesk runbook list",
			"watchdesk runbook check runbooks/retry-job.yaml"}},
	{"store-write", "PATH", NULL, cmd_store_write, false, NULL, NULL, {NULL}},
	{"help", "[COMMAND|TOPIC]", "this; of a command; of " HELP_TOPICS, cmd_help,
		false, NULL, NULL, {"watchdesk help filter", "watchdesk help connector"}},
	{NULL, NULL, NULL, NULL, false, NULL, NULL, {NULL}},
};

#define AT(member) offsetof(struct arguments, member)
static const struct command_option options[] = {
	{"config", FILLS_TEXT, AT(config_path), "FILE", "instead of the default file"},
	{"store", FILLS_TEXT, AT(store_path), "FILE", "instead of the configured store"},
	{"json", FILLS_SWITCH, AT(json), NULL, "for programs: times are ISO 8601, UTC"},
	{"help", FILLS_SWITCH, AT(help), NULL, "or -h: the page of a command"},
	{"version", FILLS_SWITCH, AT(version), NULL, "which version this is"},
	{"target", FILLS_TARGET, 0, "KEY", "kind:source:id or host:NAME; several times"},
	{"param", FILLS_PARAM, 0, "NAME=VALUE", "a parameter of the runbook"},
	{"dry-run", FILLS_SWITCH, AT(dry_run), NULL, "the preview only"},
	{"yes", FILLS_SWITCH, AT(yes), NULL, "start it"},
	{"reason", FILLS_TEXT, AT(reason), "TEXT",
		"kept with the action and in the audit"},
	{"confirm", FILLS_TEXT, AT(confirm), "TEXT", "what the console would want typed"},
	{"sort", FILLS_TEXT, AT(sort), "BY",
		"attention, updated, started, due, amount or title"},
	{"format", FILLS_TEXT, AT(format), "FIELDS",
		"these fields, tabs between: key,title,labels.team"},
	{"limit", FILLS_LIMIT, 0, "N", "so many rows at most"},
	{"part", FILLS_PART, 0, "N", "which part of the log, from 0"},
	{"no-worker", FILLS_SWITCH, AT(no_worker), NULL, "start none"},
	{"theme", FILLS_TEXT, AT(theme), "NAME", "one of themes/, or a path"},
	{"ascii", FILLS_SWITCH, AT(ascii), NULL, "draw in ASCII"},
	{"mono", FILLS_SWITCH, AT(mono), NULL, "no colours"},
	{NULL, FILLS_SWITCH, 0, NULL, NULL},
};
