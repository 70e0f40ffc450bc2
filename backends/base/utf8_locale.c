/* The character set that the environment asks for. */
#include "backends/base/utf8.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first that is set counts, as in setlocale(3). */
static const char *wanted(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return value;
	}
	return "";
}

void utf8_locale(void)
{
	const char *set;

	if (setlocale(LC_CTYPE, ""))
		return;
	/* "de_DE" alone says nothing of its set, and "de_DE.ISO-8859-1" is a terminal that UTF-8 would garble. */
	set = strchr(wanted(), '.');
	if (!set || strncasecmp(set + 1, "utf-8", 5) == 0 ||
		strncasecmp(set + 1, "utf8", 4) == 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}
