#ifndef STORE_ENVIRONMENT_H
#define STORE_ENVIRONMENT_H

#include "backends/base/json.h"

/*
 * What the name of an environment means: one meaning for what attention weighs, for which actions want a reason, for what
 * the console draws as production.
 *
 * The configuration says it, `environments: {CLASS: [globs]}`, case is ignored:
 *   production: [prod*, prd*, live*]
 *   staging: [stag*, stg*, preprod*, uat*, qa*]
 *   development: [dev*, test*, sandbox*]
 * are the default. A class that is written replaces the default of that name; other names of classes may be added.
 * `production` is looked at first.
 */
#define ENVIRONMENT_PRODUCTION "production"

/* `classes` is borrowed: the object as written and checked, or NULL for the defaults alone. */
struct environments {
	const json_t *classes;
};

/* Is this a list of texts by name of class? */
bool environments_check(const json_t *classes, struct err *e) MUST_USE;

/* The class of an env, or NULL: it is missing, or no class knows it. `envs` may be NULL. Lives as long as `envs`. */
const char *environment_class(const struct environments *envs, const char *env);

/* It is known to be production. */
bool environment_prod(const struct environments *envs, const char *env);

/* For gates: production, or not known to be anything else. */
bool environment_gated(const struct environments *envs, const char *env);

#endif
