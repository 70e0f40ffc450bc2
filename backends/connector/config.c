/*
 * The user's configuration: its shape is checked here, the connectors' own keys in source_check.c.
 */
#include "backends/connector/config.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct yaml_key top_keys[] = {
	{"sources", YAML_OBJECT},
	{"hosts", YAML_OBJECT},
	{"assets", YAML_ARRAY},
	{"operator", YAML_STRING},
	{"teams", YAML_ARRAY},
	{"store", YAML_STRING},
	{"theme", YAML_STRING},
	{"read_only", YAML_BOOL},
	{"attention", YAML_OBJECT},
	{"environments", YAML_OBJECT},
	{"worker", YAML_OBJECT},
	{"banner", YAML_STRING},
	{NULL},
};

/* Names of sources and hosts stand in keys (kind:source:id), file names and commands. */
static bool check_name(const struct config *c, const json_t *in, const char *name,
	const char *what, struct err *e)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(name);
	if (len > 0 && len <= 64 && strspn(name, ok) == len && name[0] != '-' &&
		name[0] != '.')
		return true;
	return yaml_err(e, &c->doc, in, name,
		"a %s is named in letters, digits, - _ and ., at most 64, not \"%s\"",
		what, name);
}

/* "~/x" is below HOME; what is not absolute stands beside the configuration. NULL stays NULL. */
static const char *config_path(struct config *c, const char *path)
{
	const char *home = getenv("HOME");
	if (!path || !*path || *path == '/')
		return path;
	if (path[0] == '~' && path[1] == '/' && home)
		return arena_printf(&c->arena, "%s%s", home, path + 1);
	return arena_printf(&c->arena, "%s/%s", c->folder, path);
}

static bool check_tier(const struct config *c, const json_t *in, int *tier, struct err *e)
{
	*tier = (int)json_int(in, "tier", 0);
	return !json_object_get(in, "tier") || (*tier >= 1 && *tier <= 5) ||
	       yaml_err_value(
		       e, &c->doc, in, "tier", "tier is from 1 (most important) to 5");
}

const struct yaml_key config_source_keys[] = {
	{"connector", YAML_STRING, true},
	{"env", YAML_STRING},
	{"owner", YAML_STRING},
	{"tier", YAML_INT},
	{"every", YAML_DURATION},
	{"zone", YAML_STRING},
	{"disabled", YAML_BOOL},
	{"ca_file", YAML_STRING},
	{"client_cert", YAML_STRING},
	{"client_key", YAML_STRING},
	{"proxy", YAML_STRING},
	{"plain_http", YAML_BOOL},
	{NULL},
};

/* The rest of a source's keys are its connector's. */
static bool check_common(const struct config *c, const json_t *in, const char *name,
	const json_t *v, struct err *e)
{
	char what[96];
	str_format(what, sizeof(what), "source %s", name);
	if (!json_is_object(v))
		return yaml_err(e, &c->doc, in, name,
			"source %s must be a mapping with at least `connector:`", name);
	if (!json_object_get(v, "connector"))
		return yaml_err(
			e, &c->doc, in, name, "%s needs the key \"connector\"", what);
	if (!yaml_check_known(&c->doc, v, what, config_source_keys, e))
		return false;
	return !json_object_get(v, "zone") || clock_zone_known(json_str(v, "zone", "")) ||
	       yaml_err_value(e, &c->doc, v, "zone",
		       "zone must be the name of a time zone that this machine knows, "
		       "such as Europe/Berlin (Debian: package tzdata)");
}

static bool read_source(struct config *c, const json_t *in, const char *name,
	const json_t *v, struct config_source *out, struct err *e)
{
	usec_t every = 0;
	if (!check_name(c, in, name, "source", e) || !check_common(c, in, name, v, e))
		return false;
	const char *text = json_str(v, "every", NULL);
	if (text && !clock_parse_duration(text, &every))
		return false;
	*out = (struct config_source){.name = name,
		.connector = json_str(v, "connector", ""),
		.env = json_str(v, "env", ""),
		.owner = json_str(v, "owner", ""),
		.zone = json_str(v, "zone", ""),
		.disabled = json_flag(v, "disabled", false),
		.every_ms = every / 1000,
		.values = v};
	return check_tier(c, v, &out->tier, e);
}

static bool read_host(struct config *c, const json_t *in, const char *name,
	const json_t *v, struct config_host *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"host", YAML_STRING},
		{"port", YAML_INT | YAML_STRING}, {"user", YAML_STRING},
		{"identity", YAML_STRING}, {"known_hosts", YAML_STRING},
		{"config", YAML_STRING}, {"transport", YAML_STRING}, {"env", YAML_STRING},
		{"owner", YAML_STRING}, {NULL}};
	char what[96];
	str_format(what, sizeof(what), "host %s", name);
	if (!check_name(c, in, name, "host", e) || !yaml_check(&c->doc, v, what, keys, e))
		return false;
	const char *by = json_str(v, "transport", "ssh");
	if (strcmp(by, "ssh") != 0 && strcmp(by, "libssh2") != 0)
		return yaml_err_value(e, &c->doc, v, "transport",
			"transport is ssh or libssh2, not \"%s\"", by);
	const json_t *port = json_object_get(v, "port");
	const char *port_text = json_string_value(port);
	if (json_is_integer(port))
		port_text = arena_printf(
			&c->arena, "%lld", (long long)json_integer_value(port));
	*out = (struct config_host){.name = name,
		.env = json_str(v, "env", ""),
		.owner = json_str(v, "owner", ""),
		.ssh = {.host = json_str(v, "host", name),
			.port = port_text,
			.user = json_str(v, "user", NULL),
			.identity = config_path(c, json_str(v, "identity", NULL)),
			.known_hosts = config_path(c, json_str(v, "known_hosts", NULL)),
			.config = config_path(c, json_str(v, "config", NULL)),
			.libssh2 = strcmp(by, "libssh2") == 0}};
	return true;
}

static bool read_asset(
	struct config *c, const json_t *v, struct config_asset *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"match", YAML_STRING, true},
		{"tier", YAML_INT}, {"owner", YAML_STRING}, {"service", YAML_STRING},
		{"env", YAML_STRING}, {NULL}};
	if (!yaml_check(&c->doc, v, "an asset", keys, e))
		return false;
	*out = (struct config_asset){.match = json_str(v, "match", ""),
		.owner = json_str(v, "owner", ""),
		.service = json_str(v, "service", ""),
		.env = json_str(v, "env", "")};
	return check_tier(c, v, &out->tier, e);
}

static bool read_worker(struct config *c, const json_t *v, struct err *e)
{
	static const struct yaml_key keys[] = {{"idle_exit", YAML_DURATION},
		{"keep", YAML_DURATION}, {"log", YAML_STRING}, {NULL}};
	usec_t idle = 600 * USEC_PER_SEC;
	const usec_t day = USEC_PER_SEC * 3600 * 24;
	if (v && !yaml_check(&c->doc, v, "worker", keys, e))
		return false;
	const char *text = json_str(v, "idle_exit", NULL);
	if (text && !clock_parse_duration(text, &idle))
		return yaml_err_value(e, &c->doc, v, "idle_exit", "not a duration");
	c->idle_exit_ms = idle / 1000;
	c->keep = CONFIG_KEEP_DAYS * day;
	text = json_str(v, "keep", NULL);
	if (text && (!clock_parse_duration(text, &c->keep) || c->keep < day))
		return yaml_err_value(
			e, &c->doc, v, "keep", "not a duration of a day (1d) or more");
	c->worker_log = config_path(c, json_str(v, "log", NULL));
	return true;
}

static char *login_name(void)
{
	struct passwd *pw = getpwuid(geteuid());
	return xstrdup(pw && pw->pw_name[0] ? pw->pw_name : "unknown");
}

static bool read_lists(struct config *c, struct err *e)
{
	json_t *sources = json_object_get(c->doc.root, "sources");
	json_t *hosts = json_object_get(c->doc.root, "hosts");
	json_t *assets = json_object_get(c->doc.root, "assets"), *v;
	const char *name;
	size_t i;
	c->sources = xcalloc(json_object_size(sources) + 1, sizeof(*c->sources));
	c->hosts = xcalloc(json_object_size(hosts) + 1, sizeof(*c->hosts));
	c->assets = xcalloc(json_array_size(assets) + 1, sizeof(*c->assets));
	json_object_foreach (sources, name, v)
		if (!read_source(c, sources, name, v, &c->sources[c->n_sources++], e))
			return false;
	json_object_foreach (hosts, name, v)
		if (!read_host(c, hosts, name, v, &c->hosts[c->n_hosts++], e))
			return false;
	json_array_foreach (assets, i, v)
		if (!read_asset(c, v, &c->assets[c->n_assets++], e))
			return false;
	return true;
}

static bool read_environments(struct config *c, struct err *e)
{
	struct err why = ERR_INIT;
	c->environments.classes = json_sub(c->doc.root, "environments");
	return environments_check(c->environments.classes, &why) ||
	       yaml_err_value(e, &c->doc, c->doc.root, "environments", "%s", why.msg);
}

static bool read_teams(struct config *c, struct err *e)
{
	const json_t *teams = json_sub(c->doc.root, "teams");
	struct str mine = STR_INIT;
	size_t i;
	json_t *one;
	str_adds(&mine, c->operator_name);
	json_array_foreach (teams, i, one) {
		const char *name = json_string_value(one);
		if (!name || !*name || strlen(name) > 80 || strchr(name, '\n')) {
			str_release(&mine);
			return yaml_err_value(e, &c->doc, c->doc.root, "teams",
				"teams are names of 1 to 80 bytes, as records name their "
				"owner");
		}
		str_addf(&mine, "\n%s", name);
	}
	c->mine = str_take(&mine);
	return true;
}

static bool read_all(struct config *c, struct err *e)
{
	const json_t *root = c->doc.root;
	if (root && !json_is_null(root) &&
		!yaml_check(&c->doc, root, "the configuration", top_keys, e))
		return false;
	const char *op = json_str(root, "operator", NULL);
	if (op && (!*op || strlen(op) > 80))
		return yaml_err_value(e, &c->doc, root, "operator",
			"operator is a name of 1 to 80 bytes");
	c->operator_name = op ? utf8_clean_dup(op, 80) : login_name();
	const char *store = config_path(c, json_str(root, "store", NULL));
	c->store_path = store ? xstrdup(store) : NULL;
	c->theme = json_str(root, "theme", NULL);
	c->banner = json_str(root, "banner", NULL);
	c->read_only = json_flag(root, "read_only", false);
	c->attention = json_sub(root, "attention");
	return read_teams(c, e) && read_environments(c, e) &&
	       read_worker(c, json_object_get(root, "worker"), e) && read_lists(c, e);
}

static void set_folder(struct config *c)
{
	const char *slash = strrchr(c->path, '/');
	if (!slash)
		c->folder = xstrdup(".");
	else
		c->folder = slash == c->path
				    ? xstrdup("/")
				    : xstrndup(c->path, (size_t)(slash - c->path));
}

bool config_parse(
	struct config *c, const char *path, const char *text, size_t len, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->path = xstrdup(path);
	set_folder(c);
	if (yaml_parse(&c->doc, c->path, text, len, e) && read_all(c, e))
		return true;
	config_release(c);
	e->code = ERR_CONFIG;
	return false;
}

bool config_load(struct config *c, const char *path, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (path) {
		c->path = xstrdup(path);
	} else {
		char *home = file_home(FILE_CONFIG, e);
		if (!home)
			return false;
		c->path = xasprintf("%s/config.yaml", home);
		free(home);
	}
	set_folder(c);
	bool absent = !path && access(c->path, F_OK) != 0;
	if ((absent || (file_trusted(c->path, e) && yaml_load(&c->doc, c->path, e))) &&
		read_all(c, e))
		return true;
	config_release(c);
	/* Whatever it was, a file that cannot be used is a wrong configuration. */
	e->code = ERR_CONFIG;
	return false;
}

void config_release(struct config *c)
{
	yaml_release(&c->doc);
	arena_release(&c->arena);
	free(c->path);
	free(c->folder);
	free(c->operator_name);
	free(c->mine);
	free(c->store_path);
	free(c->sources);
	free(c->hosts);
	free(c->assets);
	memset(c, 0, sizeof(*c));
}

const struct config_source *config_source(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return &c->sources[i];
	return NULL;
}

const struct config_host *config_host(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_hosts; i++)
		if (strcmp(c->hosts[i].name, name) == 0)
			return &c->hosts[i];
	return NULL;
}

const struct config_asset *config_asset(
	const struct config *c, const char *asset, const char *title)
{
	const char *texts[] = {asset, title};
	for (size_t t = 0; t < LENGTH(texts); t++)
		for (size_t i = 0; texts[t] && *texts[t] && i < c->n_assets; i++)
			if (str_glob(c->assets[i].match, texts[t]))
				return &c->assets[i];
	return NULL;
}

char *config_find(const struct config *c, const char *sub, const char *shipped,
	const char *name, struct err *e)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	if (!*name || strspn(name, ok) != strlen(name)) {
		err_set(e, ERR_CONFIG,
			"\"%s\" cannot be the name of a file of %s: lower case, digits, "
			"- and _",
			name, sub);
		return NULL;
	}
	char *own = xasprintf("%s/%s/%s.yaml", c->folder, sub, name);
	if (access(own, F_OK) == 0) {
		if (file_trusted(own, e))
			return own;
		free(own);
		return NULL;
	}
	char *folder = file_data(shipped);
	char *file = xasprintf("%s/%s.yaml", folder, name);
	if (access(file, F_OK) == 0) {
		free(own);
		free(folder);
		return file;
	}
	err_set(e, ERR_NOTFOUND, "no %s.yaml in %s/%s or %s", name, c->folder, sub,
		folder);
	free(own);
	free(folder);
	free(file);
	return NULL;
}
