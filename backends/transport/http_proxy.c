/*
 * Which proxy a request goes through: the caller's, else the one of the environment, by the names that curl has for it.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/transport/http_private.h"

static const char *first_set(const char *const *names, size_t n, const char **name)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = getenv(names[i]);

		if (value && *value) {
			*name = names[i];
			return value;
		}
	}
	return "";
}

void http_proxy_for(const struct http_url *u, const char *given, struct http_proxy *out)
{
	/* HTTP_PROXY in capitals is what a CGI program gets from a header. */
	static const char *const https[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
	static const char *const no[] = {"no_proxy", "NO_PROXY"};
	const char *ignored;

	*out = (struct http_proxy){.url = "", .none_for = "", .from = NULL};
	if (given && *given) {
		if (strcmp(given, "none") != 0)
			*out = (struct http_proxy){
				.url = given, .none_for = "", .from = "proxy:"};
		return;
	}
	if (http_url_loopback(u))
		return;
	if (u->https)
		out->url = first_set(https, LENGTH(https), &out->from);
	else
		out->url = first_set(http, LENGTH(http), &out->from);
	if (*out->url)
		out->none_for = first_set(no, LENGTH(no), &ignored);
}
