#ifndef TUI_TERM_KEYS_H
#define TUI_TERM_KEYS_H

#include "backends/base/str.h"

/*
 * Bytes of a terminal to events. Our own decoder, because curses' waits on a lone Esc,
 * takes pasted text for keys and spins when the terminal is gone. Characters are their
 * code points; control keys are 1..26 (Enter, Tab and Esc have names).
 */
enum key {
	K_NONE = 0,
	K_TAB = 9,
	K_ENTER = 13,
	K_ESC = 27,
	K_SPACE = ' ',
	K_FIRST = 0x110000, /* above all code points */
	K_UP = K_FIRST,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PGUP,
	K_PGDN,
	K_INSERT,
	K_DELETE,
	K_BACKSPACE,
	K_BACKTAB,
	K_F1, /* .. F12 in order */
	K_F12 = K_F1 + 11,
	K_OTHER, /* a sequence that we have no name for */
};
#define K_CTRL(c) ((c)&0x1f)

struct event {
	enum event_type { EVENT_KEY, EVENT_PASTE } type;
	int key;
	const char *text; /* of a paste: one line, safe; valid during the call */
	bool together; /* other keys came in the same read: a single key by hand comes alone */
	bool burst; /* part of one read with many keys: typed ahead or pasted without
		       brackets. Never confirms anything */
};

typedef void keys_fn(void *arg, const struct event *ev);

struct keys {
	bool together;
	char buf[64]; /* an unfinished sequence */
	size_t len;
	bool pasting;
	struct str paste;
	keys_fn *fn;
	void *arg;
};

void keys_init(struct keys *k, keys_fn *fn, void *arg);
void keys_release(struct keys *k);
/* Decodes and calls fn for each event. True when an unfinished sequence is left: call
 * keys_flush if nothing follows within 25 ms or so; a lone Esc is such a sequence. */
bool keys_feed(struct keys *k, const char *bytes, size_t len);
void keys_flush(struct keys *k);

/* "j", "Enter", "Space", "C-l", "F2", "Up", ... both ways. `dst` holds 16 bytes. */
void key_format(char dst[16], int key);
bool key_parse(const char *name, size_t len, int *key) MUST_USE;

#endif
