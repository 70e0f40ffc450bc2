#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "backends/base/str.h"
#include <stdint.h>

/*
 * Text from outside. It is made safe once, by utf8_clean, where bytes become a record, an error
 * message or a log line; everything above may trust it: no control character, no escape sequence,
 * no bidirectional or invisible character, valid UTF-8, bounded combining marks.
 * The rules are those of the reference notes 2.6.
 */

/* Decodes one code point at s (len bytes left). Returns the bytes used (1..4); an invalid byte is
 * used alone and gives U+FFFD. len 0 gives 0. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t len);

enum utf8_flags {
	UTF8_ONE_LINE = 0,   /* LF becomes visible too */
	UTF8_LINES = 1 << 0, /* keeps LF; CRLF becomes LF */
	/* Drops ANSI SGR sequences (ESC [ ... m) silently instead of showing them: logs. */
	UTF8_SGR = 1 << 1,
};

/*
 * Appends the safe form of bytes[len] to `out`: bad bytes U+FFFD; C0, DEL and C1 visible as the
 * control pictures U+2400.. ("␛"); TAB 1..8 blanks to the next multiple of 8 with UTF8_LINES, else one
 * blank; bidi controls as "<RLO>"; zero-width, tag, variation-selector, private-use and noncharacters
 * dropped; more than 2 combining marks dropped; decomposed Hangul L+V+T and Latin + common accents
 * composed (NFC for these). At most max_bytes are appended, cut at a character with "~".
 * Returns true when the input was already safe (nothing shown, dropped or replaced).
 */
bool utf8_clean(struct str *out, const char *bytes, size_t len, size_t max_bytes,
	enum utf8_flags flags);

/* A control, bidi or invisible character: one that utf8_clean does not keep as it is. */
bool utf8_hidden(uint32_t cp);

/* utf8_clean of a NUL-terminated string into an arena-less fresh malloc. NULL stays NULL. */
char *utf8_clean_dup(const char *text, size_t max_bytes);

/*
 * The character set of the environment's locale, for a program at its start; the rest stays "C": numbers in JSON and SQL
 * have points. A UTF-8 locale that this machine has not generated (an SSH client sends its own) is taken for C.UTF-8, so
 * that no text becomes question marks.
 */
void utf8_locale(void);

/* Only printable ASCII? Confirmation dialogs warn when an identifier is not. */
bool utf8_ascii(const char *s);

/* Columns of a code point on the terminal: 0 (combining), 1 or 2. Our own table (East Asian wide and
 * emoji presentation = 2), so that it does not depend on the locale. Unassigned: 1. */
int utf8_width_cp(uint32_t cp);
int utf8_width(const char *s); /* of a clean string */

/* The number of bytes of the clean string s that fit into `columns`; *used gets the columns. */
size_t utf8_fit(const char *s, int columns, int *used);

/* Where to lose text when it must be cut to `columns`; the cut is marked by "~". */
enum utf8_cut { UTF8_CUT_END, UTF8_CUT_START, UTF8_CUT_MIDDLE };
void utf8_cut(struct str *out, const char *s, int columns, enum utf8_cut where);

/* ASCII-lower-cases plus simple one-to-one folding of Latin-1, Greek and Cyrillic capitals: search. */
void utf8_fold(struct str *out, const char *s);

#endif
