/*
 * Settings, secrets and `auth:` of a connector file.
 */
#include "backends/connector/def.h"

#include <string.h>

static const char *const types[] = {
	"url", "string", "int", "bool", "list", "duration", "path", "enum"};

/* Keys of a source that are ours in every connector. */
static bool taken(const char *name)
{
	for (const struct yaml_key *own = config_source_keys; own->name; own++)
		if (strcmp(own->name, name) == 0)
			return true;
	return false;
}

static bool check_name(struct connector *c, const json_t *in, const char *name,
	const char *what, struct err *e)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (name[len] || name[0] < 'a')
		return yaml_err(e, &c->doc, in, name,
			"a %s is named in lower case, digits and _, not \"%s\"", what,
			name);
	if (taken(name))
		return yaml_err(e, &c->doc, in, name,
			"\"%s\" is a key that every source has", name);
	return true;
}

static bool read_setting(struct connector *c, const json_t *in, const char *name,
	const json_t *v, struct def_setting *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"type", YAML_STRING, true},
		{"required", YAML_BOOL}, {"default", YAML_SCALAR | YAML_ARRAY},
		{"values", YAML_ARRAY}, {"help", YAML_STRING}, {NULL}};
	if (!check_name(c, in, name, "setting", e) ||
		!yaml_check(&c->doc, v, name, keys, e))
		return false;
	int type = def_word(c, v, "type", types, LENGTH(types), e);
	if (type < 0)
		return false;
	out->name = name;
	out->type = (enum setting_type)type;
	out->required = json_flag(v, "required", false);
	out->fallback = json_object_get(v, "default");
	out->values = json_object_get(v, "values");
	if ((out->type == SETTING_ENUM) != (out->values != NULL))
		return yaml_err(e, &c->doc, v, "type",
			"type: enum and values: [...] go together");
	if (out->required && out->fallback)
		return yaml_err(
			e, &c->doc, v, "default", "a required setting has no default");
	return true;
}

static bool read_secrets(struct connector *c, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"required", YAML_BOOL}, {"help", YAML_STRING}, {NULL}};
	const json_t *root = c->doc.root;
	json_t *in = json_object_get(root, "secrets"), *v;
	size_t i, n = json_is_array(in) ? json_array_size(in) : json_object_size(in);
	const char *name;
	c->secrets = def_alloc(c, n, sizeof(*c->secrets));
	json_array_foreach (in, i, v) {
		if (!json_is_string(v))
			return yaml_err_item(
				e, &c->doc, in, i, "secrets is a list of names");
		c->secrets[c->n_secrets++] =
			(struct def_secret){json_string_value(v), true};
	}
	json_object_foreach (in, name, v) {
		if (!yaml_check(&c->doc, v, name, keys, e))
			return false;
		c->secrets[c->n_secrets++] =
			(struct def_secret){name, json_flag(v, "required", true)};
	}
	for (i = 0; i < c->n_secrets; i++) {
		if (!check_name(c, in, c->secrets[i].name, "secret", e))
			return false;
		if (json_object_get(
			    json_object_get(root, "settings"), c->secrets[i].name))
			return yaml_err(e, &c->doc, root, "secrets",
				"%s is a setting too", c->secrets[i].name);
	}
	return true;
}

bool def_settings(struct connector *c, struct err *e)
{
	json_t *in = json_object_get(c->doc.root, "settings"), *v;
	const char *name;
	c->settings = def_alloc(c, json_object_size(in), sizeof(*c->settings));
	json_object_foreach (in, name, v)
		if (!read_setting(c, in, name, v, &c->settings[c->n_settings++], e))
			return false;
	return read_secrets(c, e);
}

/* ---- auth ---- */

static bool read_header(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	return def_tmpl(c, in, "header", &out->header, e);
}

static bool read_basic(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"user", YAML_STRING, true}, {"password", YAML_STRING, true}, {NULL}};
	const json_t *v = json_object_get(in, "basic");
	return yaml_check(&c->doc, v, "basic", keys, e) &&
	       def_tmpl(c, v, "user", &out->user, e) &&
	       def_tmpl(c, v, "password", &out->password, e);
}

/* The header of a login that does not name one. */
static bool bearer(struct connector *c, struct def_auth *out, struct err *e)
{
	json_t *tree = json_pack("{s:s}", "Authorization", "Bearer {{ token }}");
	struct tmpl *t = tmpl_compile(NULL, NULL, NULL, tree, e);
	json_decref(tree);
	return def_keep(c, t, &out->header);
}

/* Filled from the reply, when the secrets are no longer there. */
static bool read_login_header(
	struct connector *c, const json_t *v, struct def_auth *out, struct err *e)
{
	def_sees(c, SEES_TOKEN);
	return def_tmpl(c, v, "header", &out->header, e) &&
	       (out->header || bearer(c, out, e));
}

static bool read_login(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"token", YAML_STRING, true},
		{"header", YAML_OBJECT}, {"lifetime", YAML_DURATION},
		{"expires", YAML_STRING}, {NULL}};
	const json_t *v = json_object_get(in, "login");
	out->lifetime_ms = def_ms(v, "lifetime", 3600L * 1000);
	return def_check(c, v, "login", keys, WITH_REQUEST, e) &&
	       def_request(c, v, NULL, &out->login, e) &&
	       def_need_request(c, v, &out->login, "login", e) &&
	       def_expr(c, v, "token", &out->token, e) &&
	       def_expr(c, v, "expires", &out->expires, e) &&
	       read_login_header(c, v, out, e);
}

static bool read_sigv4(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"region", YAML_STRING, true},
		{"service", YAML_STRING, true}, {"access_key", YAML_STRING, true},
		{"secret_key", YAML_STRING, true}, {"token", YAML_STRING}, {NULL}};
	const json_t *v = json_object_get(in, "aws-sigv4");
	return yaml_check(&c->doc, v, "aws-sigv4", keys, e) &&
	       def_tmpl(c, v, "region", &out->region, e) &&
	       def_tmpl(c, v, "service", &out->service, e) &&
	       def_tmpl(c, v, "access_key", &out->user, e) &&
	       def_tmpl(c, v, "secret_key", &out->password, e) &&
	       def_tmpl(c, v, "token", &out->session, e);
}

static const struct {
	const char *key;
	enum auth_kind kind;
	bool (*read)(struct connector *, const json_t *, struct def_auth *, struct err *);
} auth_kinds[] = {{"header", AUTH_HEADER, read_header}, {"basic", AUTH_BASIC, read_basic},
	{"login", AUTH_LOGIN, read_login}, {"aws-sigv4", AUTH_SIGV4, read_sigv4}};

static bool read_kinds(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	for (size_t i = 0; i < LENGTH(auth_kinds); i++) {
		if (!json_object_get(in, auth_kinds[i].key))
			continue;
		if (out->kind != AUTH_NONE)
			return yaml_err(e, &c->doc, in, auth_kinds[i].key,
				"one kind of auth each: write a list with `when:`");
		out->kind = auth_kinds[i].kind;
		if (!auth_kinds[i].read(c, in, out, e))
			return false;
	}
	return true;
}

static bool read_auth(
	struct connector *c, const json_t *in, struct def_auth *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"when", YAML_STRING},
		{"header", YAML_OBJECT}, {"basic", YAML_OBJECT}, {"login", YAML_OBJECT},
		{"aws-sigv4", YAML_OBJECT}, {NULL}};
	if (!yaml_check(&c->doc, in, "auth", keys, e) ||
		!def_expr_of_scope(c, in, "when", &out->when, e))
		return false;
	def_sees(c, 0);
	struct def_mentions before = def_secrets_begin(c);
	bool ok = read_kinds(c, in, out, e);
	out->secrets = def_secrets_end(c, before);
	if (!ok)
		return false;
	return out->kind != AUTH_NONE ||
	       yaml_err(e, &c->doc, in, NULL,
		       "auth is none, or one of header, basic, login, aws-sigv4");
}

static bool is_none(const json_t *v)
{
	return json_is_string(v) && strcmp(json_string_value(v), "none") == 0;
}

bool def_auths(struct connector *c, struct err *e)
{
	const json_t *root = c->doc.root, *in = json_object_get(root, "auth"), *v;
	size_t i, n = json_is_array(in) ? json_array_size(in) : 1;
	static const char *const no_secrets[] = {NULL};
	c->auth = def_alloc(c, n, sizeof(*c->auth));
	c->n_auth = n;
	for (i = 0; i < n; i++)
		c->auth[i].secrets = no_secrets;
	if (!in || is_none(in))
		return true;
	if (json_is_string(in))
		return yaml_err_value(e, &c->doc, root, "auth",
			"auth is none, a mapping, or a list of them");
	if (!json_is_array(in))
		return read_auth(c, in, &c->auth[0], e);
	if (n == 0)
		return yaml_err_value(e, &c->doc, root, "auth", "auth is an empty list");
	json_array_foreach (in, i, v)
		if (!is_none(v) && !read_auth(c, v, &c->auth[i], e))
			return false;
	return true;
}
