/* What the name of an environment means. */
#include "backends/store/environment.h"

#include <stdint.h>
#include <string.h>

#include "backends/base/mem.h"

static const struct {
	const char *name;
	const char *globs[8];
} defaults[] = {
	{ENVIRONMENT_PRODUCTION, {"prod*", "prd*", "live*"}},
	{"staging", {"stag*", "stg*", "preprod*", "uat*", "qa*"}},
	{"development", {"dev*", "test*", "sandbox*"}},
};

bool environments_check(const json_t *classes, struct err *e)
{
	json_t *all = (json_t *)(uintptr_t)classes, *globs, *glob;
	const char *name;
	size_t i;

	json_object_foreach (all, name, globs) {
		bool ok = json_is_array(globs) && json_array_size(globs) > 0;

		json_array_foreach (globs, i, glob)
			ok = ok && json_string_length(glob) > 0;
		if (!ok)
			return err_set(e, ERR_CONFIG,
				"the class \"%s\" is a list of names of environments, "
				"such as [prod*, live*]",
				name);
	}
	return true;
}

static bool in_list(const json_t *globs, const char *env)
{
	const json_t *glob;
	size_t i;

	json_array_foreach (globs, i, glob)
		if (str_glob(json_string_value(glob), env))
			return true;
	return false;
}

static bool in_default(size_t d, const char *env)
{
	for (size_t i = 0; defaults[d].globs[i]; i++)
		if (str_glob(defaults[d].globs[i], env))
			return true;
	return false;
}

bool environment_prod(const struct environments *envs, const char *env)
{
	const json_t *own = envs ? json_sub(envs->classes, ENVIRONMENT_PRODUCTION) : NULL;

	if (!env || !env[0])
		return false;
	return own ? in_list(own, env) : in_default(0, env);
}

const char *environment_class(const struct environments *envs, const char *env)
{
	json_t *all = envs ? (json_t *)(uintptr_t)envs->classes : NULL, *globs;
	const char *name;

	if (!env || !env[0])
		return NULL;
	if (environment_prod(envs, env))
		return ENVIRONMENT_PRODUCTION;
	json_object_foreach (all, name, globs)
		if (in_list(globs, env))
			return name;
	for (size_t i = 1; i < LENGTH(defaults); i++)
		if (!json_sub(all, defaults[i].name) && in_default(i, env))
			return defaults[i].name;
	return NULL;
}

bool environment_gated(const struct environments *envs, const char *env)
{
	const char *class = environment_class(envs, env);

	return !class || strcmp(class, ENVIRONMENT_PRODUCTION) == 0;
}
