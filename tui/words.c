/* Words and looks that several views share. */
#include "tui/words.h"

#include "backends/base/mem.h"
#include "backends/base/money.h"
#include <stdio.h>
#include <string.h>

/* Neither good nor bad by itself: somebody should look. */
static bool uneasy(enum kind k, enum state s)
{
	static const enum state states[] = {STATE_WARN, STATE_STALE, STATE_EXPIRING,
		STATE_PARTIAL, STATE_PENDING, STATE_UNKNOWN, STATE_RETRYING};
	for (size_t i = 0; i < LENGTH(states); i++)
		if (states[i] == s)
			return true;
	return k == KIND_COST && s == STATE_OPEN;
}

/* What is in order is not green: that is for the moment in which something was proved. */
look_t look_of_state(enum kind k, enum state s)
{
	if (uneasy(k, s))
		return ROLE_WARN;
	if (state_bad(k, s))
		return ROLE_BAD;
	return state_open(k, s) ? ROLE_TEXT : ROLE_DIM;
}

look_t look_of_severity(enum severity s)
{
	if (s == SEVERITY_CRITICAL)
		return ROLE_BAD;
	if (s == SEVERITY_HIGH)
		return ROLE_WARN;
	return s == SEVERITY_NONE || s == SEVERITY_INFO ? ROLE_DIM : ROLE_TEXT;
}

const char *word_of_state(enum state s)
{
	if (s == STATE_ACKNOWLEDGED)
		return "ack";
	if (s == STATE_TIMED_OUT)
		return "timed out";
	if (s == STATE_ROLLED_BACK)
		return "rolled bk";
	return state_name(s);
}

const char *plural(long long n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}
