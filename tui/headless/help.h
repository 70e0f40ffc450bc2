#ifndef TUI_HELP_H
#define TUI_HELP_H

#include "backends/base/err.h"

/* What `watchdesk help TOPIC` is made of. Private to headless/help_*.c and topics.c. */

/* Prints all keys of the files of a topic (connector, runbook, config, theme), table by table. With fn: tells them. */
typedef void help_key_fn(void *arg, const char *table, const char *key);
bool help_keys(const char *topic, help_key_fn *fn, void *arg, struct err *e) MUST_USE;
void help_specimen(const char *topic);

/* help_words.c: what a key means, "" when nobody wrote it down. */
const char *help_word(const char *topic, const char *table, const char *key);
/* The i-th of what is written down; false after the last. */
bool help_word_at(size_t i, const char **topic, const char **table, const char **key);

/* help_specimens.c: files in which every key stands once. */
extern const char *const help_connector_specimen,
	*const help_runbook_specimen, *const help_config_specimen,
					      *const help_theme_specimen;

#endif
