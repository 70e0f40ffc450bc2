/*
 * What a JSON text takes as a tree, without making it.
 */
#include "backends/base/json.h"

#include "backends/base/json_scan.h"

/*
 * Bytes of jansson 2.14 on a 64-bit machine, as malloc_usable_size counts them (blocks are rounded up to 16 and hold 8 more).
 * A table of pairs and a list of items double; while one grows, the old one is still there.
 */
enum {
	VALUE_BYTES =
		24, /* integer, real; more than true, false, null, which take none */
	STRING_BYTES = 64, /* json_string_t, and the text's rounding */
	OBJECT_BYTES = 72 + 136 + 24,
	ARRAY_BYTES = 40 + 72 + 16,
	PAIR_BYTES = 80 + 48, /* beside the name; and its share of the table */
	ITEM_BYTES = 24
};

static bool is_name(const char *s, size_t len, size_t i)
{
	i = json_skip_blank(s, len, i);
	return i < len && s[i] == ':';
}

static size_t number_end(const char *s, size_t len)
{
	size_t n = 1;
	while (n < len && ((s[n] >= '0' && s[n] <= '9') || s[n] == '.' || s[n] == 'e' ||
				  s[n] == 'E' || s[n] == '+' || s[n] == '-'))
		n++;
	return n;
}

/* What a character that opens or parts something adds. */
static size_t mark_bytes(char c)
{
	switch (c) {
	case '{':
		return OBJECT_BYTES;
	case '[':
		return ARRAY_BYTES;
	case ',':
	case '\n': /* of JSON lines */
		return ITEM_BYTES;
	default:
		return 0;
	}
}

size_t json_need(const char *s, size_t len)
{
	size_t need = 0;
	for (size_t i = 0; i < len;) {
		char c = s[i];
		if (c == '"') {
			size_t end = json_skip_string(s, len, i);
			need += end - i;
			need += is_name(s, len, end) ? PAIR_BYTES : STRING_BYTES;
			i = end;
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			need += VALUE_BYTES;
			i += number_end(s + i, len - i);
		} else {
			need += mark_bytes(c);
			i++;
		}
	}
	return need;
}
