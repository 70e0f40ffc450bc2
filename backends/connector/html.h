#ifndef CONNECTOR_HTML_H
#define CONNECTOR_HTML_H

#include "backends/base/json.h"

#include <string.h>
#include <strings.h>

/* A web page where a text was asked for: of a login, a proxy, a portal; never the answer of an API. */
static inline bool is_html(const json_t *body)
{
	const char *s = json_string_value(body);
	if (!s)
		return false;
	s += strspn(s, " \t\r\n");
	return strncasecmp(s, "<!doctype html", 14) == 0 ||
	       strncasecmp(s, "<html", 5) == 0;
}

#endif
