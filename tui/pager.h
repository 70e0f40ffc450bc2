#ifndef TUI_PAGER_H
#define TUI_PAGER_H

#include "tui/view.h"

/*
 * Lines of text to read: logs, output, JSON, help. Holds its lines itself, up to a limit; the cursor line is marked by ">".
 * Search folds case. Lines are safe text (utf8_clean).
 */
enum { PAGER_LINES_MAX = 200000, PAGER_BYTES_MAX = 64 << 20, PAGER_SEARCH_MAX = 200 };

struct pager_line {
	const char *text;
	look_t look;
	long long tag; /* the caller's: a sequence number */
};

struct pager {
	struct pager_line *lines;
	size_t n, cap;
	struct arena mem;
	size_t at, top; /* cursor line, first line on the screen */
	size_t end;     /* behind the last line of the last draw */
	size_t shift;   /* columns scrolled to the right, when not wrapped */
	size_t height;  /* of the last draw, in screen rows */
	bool wrap;
	bool plain; /* no cursor sign: help */
	char search[PAGER_SEARCH_MAX];
};

void pager_init(struct pager *p);
void pager_release(struct pager *p);
void pager_clear(struct pager *p); /* lines and position; search and modes stay */
bool pager_add(
	struct pager *p, look_t look, long long tag, const char *text); /* false: full */
bool pager_addf(struct pager *p, look_t look, long long tag, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Splits at "\n". */
void pager_add_text(struct pager *p, look_t look, const char *text);

void pager_draw(struct pager *p, const struct canvas *c);
void pager_move(struct pager *p, enum move m);
bool pager_side(struct pager *p,
	int key); /* Left, Right; 0: as far left as it goes. False: not its key */
void pager_goto(struct pager *p, size_t line); /* shown a third down the screen */

/* From the cursor on (the cursor's line itself when `here`), around the end; false: nowhere. Moves there. */
bool pager_find(struct pager *p, const char *text, bool back, bool here);

#endif
