#ifndef BASE_SECRET_PRIVATE_H
#define BASE_SECRET_PRIVATE_H

#include "backends/base/secret.h"

/* Shared by secret*.c. */
#define SECRET_MAX ((size_t)64 << 10)

/* A str that grows leaves copies in freed memory: room is made before the first secret byte. */
void secret_make_room(struct str *s);
/* Not empty and without NUL bytes; false with e. */
bool secret_good(const struct str *value, struct err *e) MUST_USE;

/* secret_command.c: from what is kept, or by running it. May answer from within the call. */
void secret_command(struct loop *l, const json_t *spec, secret_fn *fn, void *arg);

#endif
