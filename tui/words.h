#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include "backends/store/record.h"
#include "tui/grid.h"

/* Words and looks shared by views. */

look_t look_of_state(enum kind k, enum state s);
look_t look_of_severity(enum severity s);
const char *word_of_state(
	enum state s); /* "ack" for acknowledged, ...: at most 9 columns */
/* "1 340": thousands apart. size >= 32. */
void format_count(char *dst, size_t size, long long n);
/* "$1 840", "1 840 EUR": without cents from 100 on. size >= 48. */
void format_money(char *dst, size_t size, const char *amount, const char *currency);
const char *plural(long long n, const char *one, const char *many);

#endif
