/* Decoding of terminal input: UTF-8, CSI and SS3 sequences, bracketed paste. */
#include "tui/term/keys.h"

#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include <string.h>

enum { PASTE_MAX = 64 * 1024, BURST = 6 };

void keys_init(struct keys *k, keys_fn *fn, void *arg)
{
	memset(k, 0, sizeof(*k));
	str_init(&k->paste, PASTE_MAX);
	k->fn = fn;
	k->arg = arg;
}

void keys_release(struct keys *k)
{
	str_release(&k->paste);
}

static void emit(struct keys *k, int key, bool burst)
{
	struct event ev = {
		.type = EVENT_KEY, .key = key, .burst = burst, .together = k->together};
	k->fn(k->arg, &ev);
}

static void paste_end(struct keys *k)
{
	struct str text = STR_INIT;
	k->pasting = false;
	utf8_clean(&text, k->paste.buf, k->paste.len, PASTE_MAX, UTF8_ONE_LINE);
	str_clear(&k->paste);
	struct event ev = {.type = EVENT_PASTE, .text = text.buf, .burst = true};
	k->fn(k->arg, &ev);
	str_release(&text);
}

static const struct {
	char final;
	int key;
} letters[] = {
	{'A', K_UP}, {'B', K_DOWN}, {'C', K_RIGHT}, {'D', K_LEFT}, {'H', K_HOME},
	{'F', K_END}, {'Z', K_BACKTAB}, {'P', K_F1}, {'Q', K_F1 + 1}, {'R', K_F1 + 2},
	{'S', K_F1 + 3}, {'M', K_ENTER}, /* keypad Enter, as SS3 */
};

/* CSI n ~ */
static const int numbers[] = {
	[1] = K_HOME,
	[2] = K_INSERT,
	[3] = K_DELETE,
	[4] = K_END,
	[5] = K_PGUP,
	[6] = K_PGDN,
	[7] = K_HOME,
	[8] = K_END,
	[11] = K_F1,
	[12] = K_F1 + 1,
	[13] = K_F1 + 2,
	[14] = K_F1 + 3,
	[15] = K_F1 + 4,
	[17] = K_F1 + 5,
	[18] = K_F1 + 6,
	[19] = K_F1 + 7,
	[20] = K_F1 + 8,
	[21] = K_F1 + 9,
	[23] = K_F1 + 10,
	[24] = K_F12,
};

static int number_of(const char *s, size_t len)
{
	int n = 0;
	for (size_t i = 0; i < len && s[i] >= '0' && s[i] <= '9' && n < 10000; i++)
		n = n * 10 + (s[i] - '0');
	return n;
}

static int csi_key(const char *params, size_t len, char final)
{
	if (final == '~') {
		int n = number_of(params, len);
		if (n > 0 && (size_t)n < LENGTH(numbers) && numbers[n])
			return numbers[n];
		return K_OTHER;
	}
	for (size_t i = 0; i < LENGTH(letters); i++)
		if (letters[i].final == final && final != 'M')
			return letters[i].key;
	return K_OTHER;
}

static int ss3_key(char final)
{
	for (size_t i = 0; i < LENGTH(letters); i++)
		if (letters[i].final == final)
			return letters[i].key;
	return K_OTHER;
}

/* "ESC [ parameters final". */
static size_t csi(struct keys *k, const char *s, size_t len, bool burst)
{
	size_t i = 2;
	while (i < len && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x40)
		i++;
	if (i == len)
		return i >= sizeof(k->buf) - 1 ? i : 0;
	int n = s[i] == '~' ? number_of(s + 2, i - 2) : 0;
	if (n == 200)
		k->pasting = true;
	else if (n != 201) /* the end of a paste that we did not see begin is nothing */
		emit(k, csi_key(s + 2, i - 2, s[i]), burst);
	return i + 1;
}

/* A sequence that starts with Esc. Returns its bytes, 0 when it is not complete. */
static size_t escape(struct keys *k, const char *s, size_t len, bool burst)
{
	if (len < 2 || (s[1] == 'O' && len < 3))
		return 0;
	if (s[1] == '[')
		return csi(k, s, len, burst);
	if (s[1] == 'O') {
		emit(k, ss3_key(s[2]), burst);
		return 3;
	}
	if (s[1] == '\033') {
		emit(k, K_ESC, burst);
		return 1;
	}
	/* Esc and a key in one write: Alt. No command is on Alt, and it must not become Esc and then that key. */
	emit(k, K_OTHER, burst);
	return 2;
}

static size_t character(struct keys *k, const char *s, size_t len, bool burst)
{
	unsigned char c = (unsigned char)s[0];
	size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	uint32_t cp = 0;
	if (need > len)
		return 0;
	size_t n = utf8_decode(s, len, &cp);
	if (cp == 127 || cp == 8)
		emit(k, K_BACKSPACE, burst);
	else if (cp == '\n')
		emit(k, K_ENTER, burst);
	else if (cp == 0 || (cp >= 0x80 && cp < 0xa0))
		emit(k, K_OTHER, burst);
	else
		emit(k, (int)cp, burst);
	return n;
}

/* Bytes of a paste, up to its end mark. Returns the bytes used; what may be the beginning
 * of the mark is left. */
static size_t paste(struct keys *k, const char *s, size_t len)
{
	static const char end[] = "\033[201~";
	const char *at = memmem(s, len, end, sizeof(end) - 1);
	if (at) {
		(void)str_add(&k->paste, s, (size_t)(at - s));
		paste_end(k);
		return (size_t)(at - s) + sizeof(end) - 1;
	}
	size_t keep = len < sizeof(end) - 2 ? len : sizeof(end) - 2;
	while (keep > 0 && memcmp(s + len - keep, end, keep) != 0)
		keep--;
	(void)str_add(&k->paste, s, len - keep);
	return len - keep;
}

static size_t one(struct keys *k, const char *s, size_t len, bool burst)
{
	if (k->pasting)
		return paste(k, s, len);
	if (s[0] == '\033')
		return escape(k, s, len, burst);
	return character(k, s, len, burst);
}

bool keys_feed(struct keys *k, const char *bytes, size_t len)
{
	struct str in = STR_INIT;
	str_add(&in, k->buf, k->len);
	str_add(&in, bytes, len);
	k->len = 0;
	/* A held key or a fast typist gives a few bytes a read; a paste without brackets
	 * gives many. */
	bool burst = len > BURST && memchr(bytes, '\033', len) == NULL;
	/* One character may be several bytes. */
	uint32_t cp = 0;
	k->together = in.len > utf8_decode(in.buf, in.len, &cp);
	size_t i = 0;
	while (i < in.len) {
		size_t n = one(k, in.buf + i, in.len - i, burst);
		if (n == 0)
			break;
		i += n;
	}
	k->len = in.len - i;
	if (k->len > sizeof(k->buf))
		k->len = 0;
	memcpy(k->buf, in.buf + i, k->len);
	str_release(&in);
	return k->len > 0 && !k->pasting;
}

void keys_flush(struct keys *k)
{
	size_t len = k->len;
	if (!len || k->pasting)
		return;
	k->len = 0;
	emit(k, len == 1 && k->buf[0] == '\033' ? K_ESC : K_OTHER, false);
}

static const struct {
	int key;
	const char *name;
} names[] = {
	{K_ENTER, "Enter"},
	{K_TAB, "Tab"},
	{K_ESC, "Esc"},
	{K_SPACE, "Space"},
	{K_UP, "Up"},
	{K_DOWN, "Down"},
	{K_LEFT, "Left"},
	{K_RIGHT, "Right"},
	{K_HOME, "Home"},
	{K_END, "End"},
	{K_PGUP, "PgUp"},
	{K_PGDN, "PgDn"},
	{K_INSERT, "Insert"},
	{K_DELETE, "Delete"},
	{K_BACKSPACE, "Backspace"},
	{K_BACKTAB, "Shift-Tab"},
};

void key_format(char dst[16], int key)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		if (names[i].key == key) {
			(void)str_copy(dst, 16, names[i].name);
			return;
		}
	}
	if (key >= K_F1 && key <= K_F12) {
		(void)str_format(dst, 16, "F%d", key - K_F1 + 1);
	} else if (key > 0 && key < 27) {
		(void)str_format(dst, 16, "C-%c", key + 'a' - 1);
	} else if (key > ' ' && key < K_FIRST) {
		size_t n = utf8_encode((uint32_t)key, dst);
		dst[n] = '\0';
	} else {
		(void)str_copy(dst, 16, "?");
	}
}

static bool parse_named(const char *name, size_t len, int *key)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		if (strlen(names[i].name) != len ||
			strncasecmp(names[i].name, name, len) != 0)
			continue;
		*key = names[i].key;
		return true;
	}
	return false;
}

static bool parse_function(const char *name, size_t len, int *key)
{
	int n = number_of(name + 1, len - 1);
	*key = K_F1 + n - 1;
	return n >= 1 && n <= 12;
}

bool key_parse(const char *name, size_t len, int *key)
{
	uint32_t cp = 0;
	if (parse_named(name, len, key))
		return true;
	if (len == 3 && name[0] == 'C' && name[1] == '-' && name[2] >= 'a' &&
		name[2] <= 'z') {
		*key = K_CTRL(name[2]);
		return true;
	}
	if ((len == 2 || len == 3) && name[0] == 'F')
		return parse_function(name, len, key);
	if (len == 0 || utf8_decode(name, len, &cp) != len || cp <= ' ')
		return false;
	*key = (int)cp;
	return true;
}
