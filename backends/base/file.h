#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "backends/base/str.h"

/* Small files and the folders of the XDG specification. */
bool file_read(const char *path, size_t max, struct str *out, struct err *e) MUST_USE;
/* Written beside, synced, renamed; 0600. */
bool file_write(const char *path, const char *bytes, size_t len, struct err *e) MUST_USE;
bool file_mkdirs(const char *path, struct err *e) MUST_USE; /* 0700 for what is made */

/* "$XDG_STATE_HOME/watchdesk" etc.; created when missing. malloc'ed, NULL with e. */
enum file_base { FILE_STATE, FILE_CONFIG, FILE_RUNTIME /* falls back to FILE_STATE */ };
char *file_home(enum file_base base, struct err *e) MUST_USE;

/*
 * May only we and root change this file? For what we obey: the configuration, connectors, runbooks, themes. The rule of
 * sshd's StrictModes: the file, its folder and each folder above, up to and with the home or "/", and the links on the way,
 * belong to us or to root and are writable by nobody else. A sticky folder of root, such as /tmp, may stand above, but not
 * hold the file itself. False with the one that breaks it and the command to type. What does not exist breaks nothing.
 */
bool file_trusted(const char *path, struct err *e) MUST_USE;
/* A file of ours that others may read or write gets mode 0600; one of somebody else is refused. */
bool file_narrow(const char *path, struct err *e) MUST_USE;
bool file_narrow_fd(int fd, const char *path, struct err *e) MUST_USE;

/* The folder of the running program (/proc/self/exe) and of the shipped data (catalogues, themes):
 * $WATCHDESK_DATA, else <exe>/../share/watchdesk, else the source tree two levels above build/<mode>/.
 * malloc'ed. */
char *file_exe_dir(void);
char *file_data(const char *below); /* "backends/catalog" -> full path; malloc'ed */

/* The names of regular files in `dir` that end in `suffix`, sorted, malloc'ed, closed by NULL. Missing folder: an
 * empty list. */
char **file_list(const char *dir, const char *suffix);
void file_list_free(char **names);

/* At the end of a program: what went to stdout must have arrived. The status, or FILE_OUTPUT_LOST in place of 0 when it has
 * not, which is then said on stderr. */
enum { FILE_OUTPUT_LOST = 74 };
int file_end_output(int status);

#endif
