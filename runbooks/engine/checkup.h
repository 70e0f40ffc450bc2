#ifndef ENGINE_CHECKUP_H
#define ENGINE_CHECKUP_H

/*
 * What `watchdesk doctor` leaves to the program that may speak to sources: connectors, the sources and their secrets, the
 * calls of runbooks. Nothing is sent; a secret's command is run, because a source would run it.
 * Prints an array of {check, level: "ok" | "warn" | "bad", text} and returns 0; 78 when the configuration cannot be read.
 */
int checkup_main(const char *config_path);

#endif
