#ifndef CONNECTOR_DEF_AUTH_H
#define CONNECTOR_DEF_AUTH_H

#include "backends/connector/def_request.h"

/* Settings and secrets: described at the top of connector_def.h. */
enum setting_type {
	SETTING_URL,
	SETTING_STRING,
	SETTING_INT,
	SETTING_BOOL,
	SETTING_LIST,
	SETTING_DURATION,
	SETTING_PATH,
	SETTING_ENUM
};
struct def_setting {
	const char *name;
	enum setting_type type;
	bool required;
	const json_t *fallback, *values;
};
struct def_secret {
	const char *name;
	bool required;
};

/*
 *   auth: none                      or one object, or a list of objects: the first whose `when` holds
 *   auth: {header: {Authorization: "SSWS {{ secret.token }}"}}
 *   auth: {basic: {user: "{{ settings.user }}", password: "{{ secret.password }}"}}
 *   auth:
 *     login:
 *       post: /auth/token
 *       json: {username: "{{ settings.username }}", password: "{{ secret.password }}"}
 *       token: access_token           EXPR over the reply
 *       header: {Authorization: "Bearer {{ token }}"}
 *                                     the default; sees no secret
 *       lifetime: 1h                  the default; again after it, and once on a 401
 *       expires: expires_in           EXPR over the reply: seconds, instead of `lifetime`
 *   auth: {aws-sigv4: {region: "{{ settings.region }}", service: ce, access_key: "{{ secret.access_key }}",
 *                      secret_key: "{{ secret.secret_key }}", token: "{{ secret.session_token }}"}}
 *   auth: [{when: given.token, header: {...}}, {when: settings.user, basic: {...}}, none]
 *                                     when: EXPR over the scope
 */
enum auth_kind { AUTH_NONE, AUTH_HEADER, AUTH_BASIC, AUTH_LOGIN, AUTH_SIGV4 };
struct def_auth {
	enum auth_kind kind;
	struct def_expr when;
	struct tmpl *header;          /* header, login */
	struct tmpl *user, *password; /* basic; sigv4: access and secret key */
	struct tmpl *region, *service, *session;
	struct def_request login;
	struct def_expr token, expires;
	int64_t lifetime_ms;
	const char *const *secrets; /* mentioned by it */
};

#endif
