#ifndef CONNECTOR_CONFIG_H
#define CONNECTOR_CONFIG_H

#include "backends/base/mem.h"
#include "backends/base/yaml.h"
#include "backends/store/environment.h"
#include "backends/transport/ssh.h"

/*
 * The user's file: $XDG_CONFIG_HOME/watchdesk/config.yaml or --config. Keys of the top level:
 *   sources:  name -> {connector: NAME, env:, tier?, owner?, every? (instead of the connector's intervals),
 *             zone? (its local time: Europe/Berlin), disabled?, and the settings and secrets that the connector declares}
 *   hosts:    name -> {host?, port?, user?, identity?, known_hosts?, config?, transport?: ssh|libssh2, env?, owner?}
 *   assets:   [{match: glob, tier?, owner?, service?, env?}]   the first match on asset, else on title, wins
 *   operator: name shown, sent and audited (default: the login name)
 *   teams:    [data-core, ...]   owners that are the operator too: what `owner:me` finds besides their own name
 *   store:    path of the store (default: store_default_path)
 *   theme:    name      read_only: true (no runbook that changes anything)
 *   attention: weights, see triage/attention.h
 *   environments: {production: [prod*, ...], CLASS: [...]}, see store/environment.h
 *   worker:   {idle_exit: 10m, log: path, keep: 90d}   keep: how long history, ended records and ended actions stay in the store
 *   banner:   a line shown in the title of every screen (make demo: "simulation")
 * `connectors/` and `runbooks/` beside the file are searched before the shipped catalogues.
 * The console loads this file too, for names, hosts, operator, theme; it never resolves a secret.
 */
struct config_source {
	const char *name, *connector, *env, *owner;
	const char *zone; /* "": UTC */
	int tier;
	bool disabled;
	int64_t every_ms; /* 0: the connector's */
	/* The object as written: settings, and secrets as specs, never as values. */
	const json_t *values;
};

struct config_host {
	const char *name, *env, *owner;
	struct ssh_host ssh;
};

struct config_asset {
	const char *match, *owner, *service, *env;
	int tier;
};

enum { CONFIG_KEEP_DAYS = 90 };

struct config {
	struct yaml_doc doc;
	struct arena arena;
	char *path, *folder; /* of the file */
	char *operator_name;
	char *mine; /* the operator's name and those of their teams, one a line: what `me` is in a filter */
	char *store_path;
	const char *theme, *banner, *worker_log;
	bool read_only;
	int64_t idle_exit_ms;
	usec_t keep;
	const json_t *attention; /* or NULL */
	struct environments environments;
	struct config_source *sources;
	size_t n_sources;
	struct config_host *hosts;
	size_t n_hosts;
	struct config_asset *assets;
	size_t n_assets;
};

/* path NULL: the default file; a missing default file gives an empty configuration (no sources) and is no error.
 * Checks the shape, not the connectors' own keys (source_new does). */
bool config_load(struct config *c, const char *path, struct err *e) MUST_USE;
/* The same from a text, of which `path` is the name in messages. */
bool config_parse(struct config *c, const char *path, const char *text, size_t len,
	struct err *e) MUST_USE;
void config_release(struct config *c);
/* What every source takes, whatever its connector; closed by NULL. */
extern const struct yaml_key config_source_keys[];
const struct config_source *config_source(const struct config *c, const char *name);
const struct config_host *config_host(const struct config *c, const char *name);
const struct config_asset *config_asset(
	const struct config *c, const char *asset, const char *title);

/* Finds NAME.yaml in <config folder>/<sub>/, then in the shipped catalogue `shipped` ("backends/catalog"). malloc'ed,
 * NULL with e. */
char *config_find(const struct config *c, const char *sub, const char *shipped,
	const char *name, struct err *e) MUST_USE;

#endif
