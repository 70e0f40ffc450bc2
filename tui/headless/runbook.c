/* watchdesk runbook list, check FILE...: the runbooks that there are, and whether files are right. */
#include <stdio.h>
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/runbook.h"
#include "tui/headless/headless.h"

static json_t *runbook_row(const struct runbook *r)
{
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:I}", "runbook", runbook_name(r),
		"risk", risk_name(runbook_risk(r)), "title", runbook_title(r), "undo",
		runbook_undo(r), "max_targets", (json_int_t)runbook_max_targets(r));
	json_t *params = json_array();

	for (size_t i = 0; i < runbook_params(r); i++)
		json_array_append_new(params, json_string(runbook_param(r, i)->name));
	json_object_set_new(row, "parameters", params);
	return row;
}

static void print_row(const struct runbook *r)
{
	printf("%-20s %-12s %s", runbook_name(r), risk_name(runbook_risk(r)),
		runbook_title(r));
	for (size_t i = 0; i < runbook_params(r); i++)
		printf("%s%s%s", i ? ", " : "  (", runbook_param(r, i)->name,
			runbook_param(r, i)->required ? " *" : "");
	printf("%s\n", runbook_params(r) ? ")" : "");
}

static int print_all(const struct arguments *a, const struct runbooks *rs)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < runbooks_count(rs); i++) {
		if (a->json)
			json_array_append_new(rows, runbook_row(runbooks_at(rs, i)));
		else
			print_row(runbooks_at(rs, i));
	}
	if (a->json)
		print_json(rows);
	json_decref(rows);
	for (size_t i = 0; i < runbooks_errors(rs); i++)
		fprintf(stderr, "watchdesk: %s\n", runbooks_error(rs, i)->msg);
	return runbooks_errors(rs) ? EXIT_BAD_CONFIG : EXIT_DONE;
}

static int list(const struct arguments *a)
{
	struct err e = ERR_INIT;
	struct runbooks *rs;
	struct config config;
	int status;

	if (!config_load(&config, a->config_path, &e))
		return headless_fail(&e);
	rs = runbooks_load(&config, &e);
	status = rs ? print_all(a, rs) : headless_fail(&e);
	runbooks_free(rs);
	config_release(&config);
	return status;
}

static int check(char *const *paths, int n)
{
	int status = EXIT_DONE;

	for (int i = 0; i < n; i++) {
		struct err e = ERR_INIT;
		struct runbook *r = runbook_load(paths[i], &e);

		if (r) {
			printf("%s: ok\n", paths[i]);
		} else {
			fprintf(stderr, "%s\n", e.msg);
			status = EXIT_BAD_CONFIG;
		}
		runbook_free(r);
	}
	return status;
}

int cmd_runbook(const struct arguments *a)
{
	const char *word = a->n_rest > 0 ? a->rest[0] : "";

	if (strcmp(word, "list") == 0 && a->n_rest == 1)
		return list(a);
	if (strcmp(word, "check") == 0 && a->n_rest > 1)
		return check(a->rest + 1, a->n_rest - 1);
	fprintf(stderr, "watchdesk: runbook list, or runbook check FILE...\n");
	return EXIT_WRONG_CALL;
}
