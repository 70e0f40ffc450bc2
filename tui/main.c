/* watchdesk: the table of subcommands. Without one: the console. Those that talk to sources are the other program's. */
#include <getopt.h>
#include <locale.h>
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
	{"audit", "", "what was asked, sent and answered", cmd_audit, false},
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
	struct console_options o = {
		.config_path = a->config_path, .store_path = a->store_path};
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

enum {
	OPT_CONFIG = 256,
	OPT_STORE,
	OPT_JSON,
	OPT_YES,
	OPT_DRY_RUN,
	OPT_REASON,
	OPT_CONFIRM,
	OPT_SORT,
	OPT_TARGET,
	OPT_PARAM,
	OPT_LIMIT,
	OPT_PART,
	OPT_NO_WORKER,
	OPT_VERSION,
	OPT_HELP
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"store", required_argument, NULL, OPT_STORE},
	{"json", no_argument, NULL, OPT_JSON},
	{"yes", no_argument, NULL, OPT_YES},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{"reason", required_argument, NULL, OPT_REASON},
	{"confirm", required_argument, NULL, OPT_CONFIRM},
	{"sort", required_argument, NULL, OPT_SORT},
	{"target", required_argument, NULL, OPT_TARGET},
	{"param", required_argument, NULL, OPT_PARAM},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"part", required_argument, NULL, OPT_PART},
	{"no-worker", no_argument, NULL, OPT_NO_WORKER},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
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

static bool number(const char *text, long long *out)
{
	if (str_to_int(text, out) && *out >= 0)
		return true;
	fprintf(stderr, "watchdesk: \"%s\" is not a number\n", text);
	return false;
}

static bool take_value(struct arguments *a, int c)
{
	long long part;

	switch (c) {
	case OPT_TARGET:
		return add_word(
			a->targets, &a->n_targets, (int)LENGTH(a->targets), optarg);
	case OPT_PARAM:
		return add_word(a->params, &a->n_params, (int)LENGTH(a->params), optarg);
	case OPT_LIMIT:
		return number(optarg, &a->limit);
	case OPT_PART:
		if (!number(optarg, &part))
			return false;
		a->part = (int)part;
		return true;
	default:
		return false;
	}
}

static bool take(struct arguments *a, int c)
{
	switch (c) {
	case OPT_CONFIG:
		a->config_path = optarg;
		return true;
	case OPT_STORE:
		a->store_path = optarg;
		return true;
	case OPT_JSON:
		a->json = true;
		return true;
	case OPT_YES:
		a->yes = true;
		return true;
	case OPT_DRY_RUN:
		a->dry_run = true;
		return true;
	case OPT_NO_WORKER:
		a->no_worker = true;
		return true;
	case OPT_REASON:
		a->reason = optarg;
		return true;
	case OPT_CONFIRM:
		a->confirm = optarg;
		return true;
	case OPT_SORT:
		a->sort = optarg;
		return true;
	default:
		return take_value(a, c);
	}
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
	int c;

	/* LC_NUMERIC stays "C": numbers in JSON have points. */
	setlocale(LC_CTYPE, "");
	sub = argc > 1 ? find(argv[1]) : NULL;
	if (sub && sub->worker)
		return exec_worker(argv);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == OPT_VERSION) {
			printf("watchdesk %s\n", WD_VERSION);
			return EXIT_DONE;
		}
		if (c == OPT_HELP)
			return cmd_help(&a);
		if (!take(&a, c))
			return EXIT_WRONG_CALL;
	}
	sub = optind < argc ? find(argv[optind]) : find("console");
	if (!sub || !sub->run) {
		fprintf(stderr, "watchdesk: no command \"%s\" (see watchdesk help)\n",
			argv[optind]);
		return EXIT_WRONG_CALL;
	}
	a.rest = argv + (optind < argc ? optind + 1 : argc);
	a.n_rest = argc - (int)(a.rest - argv);
	return sub->run(&a);
}
