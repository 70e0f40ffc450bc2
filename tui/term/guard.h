#ifndef TUI_TERM_GUARD_H
#define TUI_TERM_GUARD_H

#include <stdbool.h>

/*
 * Gives the terminal back when the program ends in a way that runs no clean-up: a fatal signal, die(). One pre-built string and
 * the saved modes, written by async-signal-safe calls on a stack of its own.
 */
void guard_arm(int fd);
void guard_disarm(void);
/* Modes that curses does not know: bracketed paste. */
void guard_enter(int fd);
void guard_leave(int fd);

#endif
