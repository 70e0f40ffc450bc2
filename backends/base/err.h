#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Errors. A function that can fail returns bool, takes `struct err *` last, and on false has
 * filled it: what went wrong, where, and what the user can do next, as one sentence without a
 * final full stop. The caller owns the struct; there is no global last error.
 */

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* The class decides what a caller may do about it; the words are for people. */
enum err_code {
	ERR_NONE,
	ERR_USAGE,  /* command line or form: the user's input is wrong */
	ERR_CONFIG, /* a configuration, connector or runbook file is wrong */
	ERR_IO,     /* file, pipe, terminal */
	ERR_PARSE,  /* bytes from outside are not what they should be */
	ERR_LIMIT,  /* larger, deeper or longer than allowed */
	ERR_AUTH,   /* 401, 403, wrong password, host key */
	ERR_NET, /* connect, DNS, TLS, reset: the far side was not reached or was lost */
	ERR_TIMEOUT,  /* our own deadline passed */
	ERR_THROTTLE, /* 429 or the like: try later */
	ERR_REMOTE, /* the far side answered that it cannot or will not (4xx, 5xx, SQL error) */
	ERR_NOTFOUND, /* a record, name or file does not exist */
	ERR_CONFLICT, /* locked, already done, changed meanwhile */
	ERR_DENIED,   /* refused by us: policy, read-only, confirmation missing */
	ERR_UNKNOWN,  /* sent, but what became of it cannot be known */
};

struct err {
	enum err_code code;
	char msg[480];
};

#define ERR_INIT             \
	{                    \
		ERR_NONE, "" \
	}

/* Fills `e` (which may be NULL) and returns false, so that `return err_set(...)` works. Text that
 * comes from outside is made safe (utf8_clean) by this function; too long is cut with "~". */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "<formatted>: " before the message of `e`, keeping its code. Returns false. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "io", "timeout", ...: the class as a stable word for --json and the log. */
const char *err_code_name(enum err_code code);

/* A broken invariant of our own: restores the terminal (see on_die), says where, aborts. */
#define BUG_ON(cond)                                                            \
	do {                                                                    \
		if (cond)                                                       \
			die(70, "bug at %s:%d: %s", __FILE__, __LINE__, #cond); \
	} while (0)

/* Ends the process with `status` after calling the on_die hook and printing the message to stderr. */
void die(int status, const char *fmt, ...) PRINTF_LIKE(2, 3) __attribute__((noreturn));

/* The terminal registers here how to restore itself. One hook; NULL removes it. */
void on_die(void (*hook)(void));

#endif
