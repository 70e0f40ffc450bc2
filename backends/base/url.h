#ifndef BASE_URL_H
#define BASE_URL_H

#include "backends/base/str.h"

/* Percent-encoding. One part of an address, as a segment or a value of the query: unreserved characters of RFC 3986 stay,
 * everything else is encoded, "/" too. */
void url_part(struct str *out, const char *s, size_t len);
/* A whole address: only what no address may hold is encoded (blanks, quotes, <>, control and non-ASCII characters); what is
 * encoded already stays as it is. */
void url_whole(struct str *out, const char *s, size_t len);

#endif
