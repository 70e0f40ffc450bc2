/* watchdesk: the table of subcommands. Without one: the console. Those that talk to sources are the other program's. */
#include <getopt.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/store/writer.h"
#include "tui/console.h"
#include "tui/headless/headless.h"

static int cmd_console(const struct arguments *a);
static int cmd_help(const struct arguments *a);
static int cmd_store_write(const struct arguments *a);

struct subcommand {
	const char *name, *args, *help; /* help NULL: internal */
	int (*run)(const struct arguments *a);
	bool worker; /* carried out by watchdesk-worker */
};

static const struct subcommand subcommands[] = {
	{"console", "", "the console (the default)", cmd_console, false},
	{"list", "KIND [FILTER]",
		"the rows of a lane: triage, runs, incidents, access, grants, cost, "
		"checks, changes, all, actions, sources",
		cmd_list, false},
	{"show", "KEY", "one record with its history, links and notes", cmd_show, false},
	{"log", "KEY [--part N]", "the log of a run, fetched now", cmd_log, false},
	{"run", "RUNBOOK --target KEY",
		"preview and run an action: --dry-run, --yes, --reason, --param, "
		"--confirm",
		cmd_run, false},
	{"answer", "JOB [yes|no]",
		"what a running action asks, and the answer to it: --target", cmd_answer,
		false},
	{"audit", "[ACTION] | verify [HEAD]",
		"what was asked, sent and answered; whether nothing of it is missing",
		cmd_audit, false},
	{"doctor", "", "what is wrong on this side", cmd_doctor, false},
	{"worker", "[--foreground|--stop]",
		"collect and act; the console starts one by itself", NULL, true},
	{"connector", "check FILE | try NAME",
		"validate a connector; fetch once from a source", NULL, true},
	{"store-write", "PATH", NULL, cmd_store_write, false},
	{"help", "", "this", cmd_help, false},
};

static int cmd_help(const struct arguments *a)
{
	(void)a;
	printf("usage: watchdesk [--config FILE] [--store FILE] [COMMAND ...]\n\n");
	for (size_t i = 0; i < LENGTH(subcommands); i++)
		if (subcommands[i].help)
			printf("  %-10s %-24s %s\n", subcommands[i].name,
				subcommands[i].args, subcommands[i].help);
	printf("\nA KEY is kind:source:id as `watchdesk list` prints it. Everything "
	       "takes --json.\n"
	       "Exit status: 0 done, 1 failed, 2 wrong call, 3 unknown outcome, 4 "
	       "refused, 5 not found,\n"
	       "69 no store or worker, 70 bug, 78 configuration.\n");
	return EXIT_DONE;
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

static int cmd_store_write(const struct arguments *a)
{
	return a->n_rest == 1 ? store_writer_main(a->rest[0]) : EXIT_WRONG_CALL;
}

static int exec_worker(char **argv)
{
	char *folder = file_exe_dir(),
	     *program = xasprintf("%s/watchdesk-worker", folder);

	argv[0] = program;
	execv(program, argv);
	fprintf(stderr,
		"watchdesk: %s cannot be started: build or install both programs into "
		"one folder\n",
		program);
	return EXIT_NO_STORE;
}

/* What an option fills: a text or a switch at an offset of struct arguments, or something of its own. */
enum fills {
	FILLS_TEXT,
	FILLS_SWITCH,
	FILLS_TARGET,
	FILLS_PARAM,
	FILLS_LIMIT,
	FILLS_PART,
	FILLS_VERSION,
	FILLS_HELP
};

static const struct {
	const char *name;
	enum fills fills;
	size_t offset;
} options[] = {
	{"config", FILLS_TEXT, offsetof(struct arguments, config_path)},
	{"store", FILLS_TEXT, offsetof(struct arguments, store_path)},
	{"json", FILLS_SWITCH, offsetof(struct arguments, json)},
	{"yes", FILLS_SWITCH, offsetof(struct arguments, yes)},
	{"dry-run", FILLS_SWITCH, offsetof(struct arguments, dry_run)},
	{"reason", FILLS_TEXT, offsetof(struct arguments, reason)},
	{"confirm", FILLS_TEXT, offsetof(struct arguments, confirm)},
	{"sort", FILLS_TEXT, offsetof(struct arguments, sort)},
	{"target", FILLS_TARGET, 0},
	{"param", FILLS_PARAM, 0},
	{"limit", FILLS_LIMIT, 0},
	{"part", FILLS_PART, 0},
	{"no-worker", FILLS_SWITCH, offsetof(struct arguments, no_worker)},
	{"theme", FILLS_TEXT, offsetof(struct arguments, theme)},
	{"ascii", FILLS_SWITCH, offsetof(struct arguments, ascii)},
	{"mono", FILLS_SWITCH, offsetof(struct arguments, mono)},
	{"version", FILLS_VERSION, 0},
	{"help", FILLS_HELP, 0},
};

static bool add_word(const char **list, int *n, int most, const char *word)
{
	if (*n >= most) {
		fprintf(stderr, "watchdesk: at most %d of these\n", most);
		return false;
	}
	list[(*n)++] = word;
	return true;
}

static bool number(const char *text, long long most, long long *out)
{
	if (str_to_int(text, out) && *out >= 0 && *out <= most)
		return true;
	fprintf(stderr, "watchdesk: \"%s\" is not a number of 0 to %lld\n", text, most);
	return false;
}

static bool take(struct arguments *a, size_t i)
{
	char *at = (char *)a + options[i].offset;
	long long part;

	switch (options[i].fills) {
	case FILLS_TEXT:
		memcpy(at, &optarg, sizeof(optarg));
		return true;
	case FILLS_SWITCH:
		*(bool *)at = true;
		return true;
	case FILLS_TARGET:
		return add_word(
			a->targets, &a->n_targets, (int)LENGTH(a->targets), optarg);
	case FILLS_PARAM:
		return add_word(a->params, &a->n_params, (int)LENGTH(a->params), optarg);
	case FILLS_LIMIT:
		return number(optarg, 100000, &a->limit);
	case FILLS_PART:
		if (!number(optarg, 10000, &part))
			return false;
		a->part = (int)part;
		return true;
	case FILLS_VERSION:
		printf("watchdesk %s\n", WD_VERSION);
		exit(EXIT_DONE);
	case FILLS_HELP:
		exit(cmd_help(a));
	}
	return false;
}

static bool parse(int argc, char **argv, struct arguments *a)
{
	struct option list[LENGTH(options) + 1] = {{NULL, 0, NULL, 0}};
	int c;

	for (size_t i = 0; i < LENGTH(options); i++) {
		bool alone = options[i].fills == FILLS_SWITCH ||
			     options[i].fills >= FILLS_VERSION;

		list[i] = (struct option){options[i].name,
			alone ? no_argument : required_argument, NULL, (int)i + 256};
	}
	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1)
		if (c < 256 || !take(a, (size_t)c - 256))
			return false;
	return true;
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < LENGTH(subcommands); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct arguments a = {.part = -1};
	const struct subcommand *sub;

	/* LC_NUMERIC stays "C": numbers in JSON have points. */
	setlocale(LC_CTYPE, "");
	sub = argc > 1 ? find(argv[1]) : NULL;
	if (sub && sub->worker)
		return exec_worker(argv);
	if (!parse(argc, argv, &a))
		return EXIT_WRONG_CALL;
	sub = optind < argc ? find(argv[optind]) : find("console");
	if (!sub || !sub->run) {
		fprintf(stderr, "watchdesk: %s\n",
			sub ? "this command comes first: watchdesk worker|connector ..."
			    : "no such command (see watchdesk help)");
		return EXIT_WRONG_CALL;
	}
	a.rest = argv + (optind < argc ? optind + 1 : argc);
	a.n_rest = argc - (int)(a.rest - argv);
	return sub->run(&a);
}
