/*
 * A program's output, whatever it writes: in pieces of any size it gives what it gives at once, no secret of ours, valid
 * text, and nothing is held without bound. The built-in line rules change no line twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/shown.h"

#define SECRET "s3cr3t-Of/Ours"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void on_line(void *arg, const char *line, size_t len)
{
	must(len > 0 && len <= SHOWN_PART && utf8_valid(line, len));
	must(!log_has_secret(line, len));
	must(memmem(line, len, SECRET, sizeof(SECRET) - 1) == NULL);
	str_add(arg, line, len);
	str_addc(arg, '\n');
}

static void stream(struct str *out, const char *s, size_t len, size_t piece)
{
	struct shown_lines l;

	shown_lines_init(&l, on_line, out);
	for (size_t at = 0; at < len; at += piece)
		shown_lines_add(&l, s + at, len - at < piece ? len - at : piece);
	shown_lines_end(&l);
	shown_lines_release(&l);
}

static void once_is_enough(const char *s, size_t len)
{
	struct redact first = REDACT_INIT, second = REDACT_INIT;
	struct str line = STR_INIT, again = STR_INIT;

	str_add(&line, s, len);
	if (redact_line(&first, &line)) {
		str_add(&again, line.buf, line.len);
		if (redact_line(&second, &again))
			must(again.len == line.len &&
				memcmp(again.buf, line.buf, line.len) == 0);
	}
	must(line.buf[line.len] == '\0');
	str_release(&line);
	str_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole = STR_INIT, pieces = STR_INIT;
	const char *s = (const char *)data + 1;

	if (size == 0)
		return 0;
	log_redact(SECRET);
	stream(&whole, s, size - 1, size);
	stream(&pieces, s, size - 1, 1 + data[0] % 64);
	must(whole.len == pieces.len && memcmp(whole.buf, pieces.buf, whole.len) == 0);
	once_is_enough(s, size - 1);
	str_release(&whole);
	str_release(&pieces);
	return 0;
}
