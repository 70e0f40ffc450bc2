#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "backends/base/str.h"

/*
 * What looks like a credential, in the lines of a log or a program's output, whoever it is of: the value after password=,
 * token=, secret= and the like (also "password": "..."), what follows Authorization:, AWS access keys, the password in
 * scheme://user:password@host, private keys. It becomes "[secret]". Line by line, because a private key is of many lines;
 * those of a key after its first become empty.
 */
struct redact {
	bool in_key; /* within a private key */
};
#define REDACT_INIT   \
	{             \
		false \
	}

/* In place. False: the line is of a private key that was told of already, and nothing of it is left. */
bool redact_line(struct redact *r, struct str *line);

#endif
