#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "backends/base/json.h"
#include "backends/base/loop.h"

/*
 * Secrets, named in the configuration as {command: [argv...]}, {file: path} or {env: NAME}. Only the worker resolves
 * them.
 *   command  run with a minimal environment, 10 s, at most 64 KiB of stdout, first line taken (trailing newline cut);
 *            argv[0] by absolute path or PATH; its stderr, made safe, is in the error. It runs once at a time, whoever
 *            asks, and what it said is kept: until a tenth before its end where it tells one (a later line
 *            "expires: TIME", ISO or epoch; the `exp` of a JWT), else 10 minutes, or until the far side refuses it
 *   file     regular, owned by us or root, no access for group and others; content without trailing newline. A mounted
 *            one may be a symbolic link (`..data`) as long as nobody else can change it or what stands above (file_trusted),
 *            and read-only for us and a group of ours (0440)
 *   env      last resort: read, then the bytes in the environment are overwritten; kept by us for later reads
 * A resolved value is registered with log_redact. The callback gets a string that it must copy or use at
 * once; it is overwritten after the call.
 */
/* `value` NULL: failed. */
typedef void secret_fn(void *arg, const char *value, const struct err *e);

/* Always answers later through fn, once, never from within this call. */
void secret_resolve(struct loop *l, const json_t *spec, secret_fn *fn, void *arg);

/* The far side refused what this gave: it is asked for anew next time, at most once a minute. */
void secret_refused(struct loop *l, const json_t *spec);
/* Before the loop goes: what was kept of its commands is wiped, and who still waits is told so. */
void secret_forget(struct loop *l);

/* Is this a well-formed secret spec? For the configuration check; `hint` of what to write instead is in e. */
bool secret_spec_check(const json_t *spec, struct err *e) MUST_USE;

/* Process-wide hardening for a process that holds secrets: no core, not dumpable, PG* and SSLKEYLOGFILE unset. */
void secret_harden(void);
/* The variable as a new session has it: {env: name} is that from now on. True: it was another one. It does not come into our own
 * environment, nor into that of children. */
bool secret_env_set(const char *name, const char *value);

/* Is the file of a key, which a library reads by itself, one that would do for a secret? */
bool secret_file_check(const char *path, struct err *e) MUST_USE;

#endif
