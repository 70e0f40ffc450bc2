#ifndef TUI_HEADLESS_H
#define TUI_HEADLESS_H

#include "backends/base/file.h"
#include "backends/connector/config.h"
#include "backends/store/store.h"

/*
 * The console without a screen: the same store, the same gates. Results go to stdout, everything else to stderr.
 * Exit statuses are part of the interface:
 *   0   done; an action was proved on every target
 *   1   an action failed on some target; a log or a source could not be read
 *   2   wrong call
 *   3   UNKNOWN: sent, but what became of it cannot be known; not repeated
 *   4   refused: policy, confirmation missing, locked, plan changed: nothing was sent; or canceled, and nothing more was
 *   5   no such record, runbook, job
 *   6   accepted: sent and taken, nothing proves it
 *   69  no store yet, no worker
 *   70  a bug of ours
 *   74  the output could not be written, and nothing else was wrong
 *   78  configuration, connector or runbook file is wrong
 */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_CALL = 2,
	EXIT_UNKNOWN = 3,
	EXIT_REFUSED = 4,
	EXIT_NOT_FOUND = 5,
	EXIT_ACCEPTED = 6,
	EXIT_NO_STORE = 69,
	EXIT_OUTPUT = FILE_OUTPUT_LOST,
	EXIT_BAD_CONFIG = 78
};

#define EXIT_WORDS                                                                      \
	"Exit status: 0 done, 1 failed, 2 wrong call, 3 unknown outcome, 4 refused, 5 " \
	"not found,\n6 accepted (taken, nothing proves it), 69 no store or worker, 70 " \
	"bug, 74 output not written,\n78 configuration.\n"

struct arguments {
	const char *config_path, *store_path;
	bool json, yes, dry_run, no_worker, ascii, mono, help, version;
	const char *reason, *confirm, *sort, *theme, *format;
	const char *targets[64], *params[64];
	int n_targets, n_params;
	long long limit; /* 0: the command's own */
	int part;        /* of a log, -1: the first */
	char **rest;     /* words that are no options, the subcommand left out */
	int n_rest;
};

struct headless {
	const struct arguments *args;
	struct config config;
	char *store_path;
	struct loop *loop;
	struct store *store;
};

/* Configuration, loop and store. with_worker: the store is made and a worker started when none runs. Prints what is wrong. */
bool headless_open(
	struct headless *h, const struct arguments *a, bool with_worker, int *status);
void headless_close(struct headless *h);

/* Turns the loop until the answer is there. New reference; NULL with e. */
json_t *headless_ask(
	struct headless *h, const char *question, json_t *args, struct err *e) MUST_USE;
json_t *headless_tell(
	struct headless *h, const char *change, json_t *args, struct err *e) MUST_USE;
/* Turns the loop until something was committed or the time is over. */
void headless_wait(struct headless *h, int timeout_ms);
/* job_add, then waits until it ended; on_change (may be NULL) after each change. Returns the answer of question "job". */
json_t *headless_job(struct headless *h, json_t *args,
	void (*on_change)(struct headless *h, long long job, void *arg), void *arg,
	struct err *e) MUST_USE;

/* A row of the audit as one line that people read, its number first. */
void audit_sentence(struct str *out, const json_t *row);

/* The fields of a row that --format names, parted by tabs: one line that no terminal obeys, whatever the far side said. */
void list_fields(struct str *out, const char *fields, json_t *row);

/* Prints the error and gives its status. */
int headless_fail(const struct err *e);
/* Times among it, which the store has in µs, become ISO 8601, UTC. */
void print_json(json_t *v);
void times_to_iso(json_t *v);

/* What `watchdesk help` can tell of, beside the commands: topics.c. */
#define HELP_TOPICS "connector, runbook, functions, states, filter, keys, theme, config"

int cmd_list(const struct arguments *a);
int cmd_show(const struct arguments *a);
int cmd_log(const struct arguments *a);
int cmd_run(const struct arguments *a);
int cmd_answer(const struct arguments *a);
int cmd_doctor(const struct arguments *a);
int cmd_audit(const struct arguments *a);
int cmd_runbook(const struct arguments *a);
int cmd_help(const struct arguments *a);

#endif
