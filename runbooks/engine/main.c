/* watchdesk-worker: everything that talks to a source. Started by the console, or as `watchdesk worker|connector ...`, which execute this program. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "runbooks/engine/checkup.h"
#include "runbooks/engine/try.h"
#include "runbooks/engine/worker.h"

#define EXIT_USAGE 2

static const char usage[] =
	"usage: watchdesk worker [--store FILE] [--config FILE] [--foreground]\n"
	"       watchdesk worker --stop [--store FILE]      end the worker of this store "
	"at once; what\n"
	"                                                   was sent, the next one looks "
	"after\n"
	"       watchdesk connector check FILE...           validate connector files\n"
	"       watchdesk connector try NAME [--config FILE] [--collection C] [--json]\n"
	"                                                   fetch once from a configured "
	"source, print the records\n";

static int wrong(const char *what)
{
	fprintf(stderr, "watchdesk: %s\n%s", what, usage);
	return EXIT_USAGE;
}

static const struct option options[] = {
	{"store", required_argument, NULL, 's'},
	{"config", required_argument, NULL, 'c'},
	{"foreground", no_argument, NULL, 'f'},
	{"stop", no_argument, NULL, 'S'},
	{"collection", required_argument, NULL, 'C'},
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

struct arguments {
	struct worker_options worker;
	struct try_options attempt;
	bool stop;
	char **rest;
	int n_rest;
};

static bool parse(int argc, char **argv, struct arguments *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			a->worker.store_path = optarg;
			break;
		case 'c':
			a->worker.config_path = a->attempt.config_path = optarg;
			break;
		case 'f':
			a->worker.foreground = true;
			break;
		case 'S':
			a->stop = true;
			break;
		case 'C':
			a->attempt.collection = optarg;
			break;
		case 'j':
			a->attempt.json = true;
			break;
		default:
			return false;
		}
	}
	a->rest = argv + optind;
	a->n_rest = argc - optind;
	return true;
}

static int run_connector(struct arguments *a)
{
	if (a->n_rest < 2)
		return wrong("connector check FILE..., or connector try NAME");
	if (strcmp(a->rest[0], "check") == 0)
		return connector_check_files(a->rest + 1, a->n_rest - 1);
	if (strcmp(a->rest[0], "try") != 0 || a->n_rest != 2)
		return wrong("connector check FILE..., or connector try NAME");
	a->attempt.source = a->rest[1];
	return connector_try(&a->attempt);
}

int main(int argc, char **argv)
{
	struct arguments a = {.stop = false};
	const char *command = argc > 1 ? argv[1] : "";

	utf8_locale();
	if (argc < 2 || !parse(argc - 1, argv + 1, &a))
		return wrong("a subcommand is wanted");
	if (strcmp(command, "worker") == 0)
		return a.stop ? worker_stop(a.worker.store_path, a.worker.config_path)
			      : worker_main(&a.worker);
	if (strcmp(command, "connector") == 0)
		return file_end_output(run_connector(&a));
	if (strcmp(command, "checkup") == 0)
		return file_end_output(checkup_main(a.worker.config_path));
	return wrong("no such subcommand");
}
