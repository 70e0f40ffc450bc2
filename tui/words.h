#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include "backends/base/money.h"
#include "backends/store/record.h"
#include "tui/grid.h"

/* Words and looks shared by views. */

look_t look_of_state(enum kind k, enum state s);
look_t look_of_severity(enum severity s);
/* "ack" for acknowledged, ...: at most 9 columns. */
const char *word_of_state(enum state s);
const char *plural(long long n, const char *one, const char *many);

#endif
