/* Framing without a network: what a local shell makes of the script, whole and cut short. */
#include "backends/transport/ssh_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/mem.h"

#define WAIT_MS 20000

struct run {
	bool done;
	int status;
	struct str out;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct run *r = arg;

	if (stream == 1)
		str_add(&r->out, bytes, len);
}

static void on_end(void *arg, int status, bool timed_out)
{
	struct run *r = arg;

	(void)timed_out;
	r->status = status;
	r->done = true;
}

/* stdin[len] given to a shell, its stdout. */
static void shell(
	struct loop *l, const char *sh, const char *in, size_t len, struct str *out)
{
	const char *argv[] = {sh, "-s", NULL};
	struct run r = {.out = STR_INIT};
	struct loop_child_spec spec = {.argv = argv,
		.in = in,
		.in_len = len,
		.on_output = on_output,
		.on_exit = on_end,
		.arg = &r};
	struct err e = ERR_INIT;

	assert_non_null(loop_spawn(l, &spec, &e));
	assert_true(loop_until(l, &r.done, WAIT_MS));
	str_clear(out);
	str_add(out, r.out.buf, r.out.len);
	str_release(&r.out);
}

/* Wherever the connection breaks, a script that is not complete does nothing. */
static void test_cut_short(void **state)
{
	struct loop *l = loop_new();
	json_t *vars = json_pack("{s:s}", "NAME", "it's");
	struct str script = STR_INIT, out = STR_INIT;
	struct err e = ERR_INIT;
	struct ssh_frame f;
	size_t whole;

	(void)state;
	ssh_frame_init(&f);
	assert_true(ssh_frame_script(
		&f, "echo \"ran $NAME\"\necho 'twice'\nexit 5", vars, &script, &e));
	whole = script.len - 1; /* the last line feed is not needed */
	for (size_t len = 0; len < whole; len++) {
		shell(l, "sh", script.buf, len, &out);
		if (out.len > 0)
			fail_msg("%zu of %zu bytes ran: %s", len, script.len, out.buf);
	}
	shell(l, "sh", script.buf, script.len, &out);
	assert_memory_equal(out.buf, "ran it's\ntwice\n\036", 16);
	shell(l, "bash", script.buf, script.len, &out);
	assert_memory_equal(out.buf, "ran it's\ntwice\n\036", 16);
	str_release(&script);
	str_release(&out);
	json_decref(vars);
	loop_free(l);
}

static void feed(struct ssh_frame *f, const char *text, struct str *out)
{
	for (; *text; text++) /* byte by byte: the mark comes in pieces */
		ssh_frame_feed(f, text, 1, out);
}

static void test_marks(void **state)
{
	struct ssh_frame f;
	struct str out = STR_INIT, text = STR_INIT;

	(void)state;
	ssh_frame_init(&f);
	assert_int_equal(strlen(f.nonce), 32);
	feed(&f, "Welcome to the host\n", &out);
	str_addf(&text, "\036%s 0\n", f.nonce); /* no exit code before READY */
	feed(&f, text.buf, &out);
	assert_false(f.ready || f.ended);
	str_clear(&text);
	str_addf(&text, "\036%s R\n", f.nonce);
	feed(&f, text.buf, &out);
	assert_true(f.ready);
	assert_int_equal(out.len, 0); /* nothing from before is the script's */
	feed(&f, "a\n\036\036b\036", &out);
	assert_string_equal(out.buf, "a\n\036\036b"); /* the last may begin a mark */
	feed(&f, text.buf, &out);                     /* READY a second time is output */
	str_clear(&out);
	str_clear(&text);
	str_addf(&text, "\036%s 12345\n\036%s x\n\036%.31s 0\n\036%s 42", f.nonce,
		f.nonce, f.nonce, f.nonce);
	feed(&f, text.buf, &out);
	assert_false(f.ended);
	feed(&f, "\n", &out);
	assert_true(f.ended);
	assert_int_equal(f.code, 42);
	str_clear(&out);
	feed(&f, "late\036", &out); /* of a process that was left behind */
	ssh_frame_finish(&f, &out);
	assert_string_equal(out.buf, "late\036");
	str_release(&out);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests_name("ssh_script", tests, NULL, NULL);
}
