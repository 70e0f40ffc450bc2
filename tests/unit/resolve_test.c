/* Look-ups that need no network: addresses, paths, localhost, names that are none. */
#include "backends/transport/tries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/str.h"

#define WAIT_MS 20000

static struct loop *loop;
static struct resolver *resolver;

struct answer {
	bool done;
	int calls;
	size_t n;
	char address[256];
	struct err err;
	struct resolve_call *cancel; /* within the callback */
};

static void on_address(void *arg, const struct resolved *to, const struct err *e)
{
	struct answer *a = arg;

	a->done = true;
	a->calls++;
	str_copy(a->address, sizeof(a->address), to ? to->address[0] : "");
	a->n = to ? to->n : 0;
	a->err = *e;
	if (a->cancel)
		resolve_cancel(resolver, a->cancel);
}

static struct answer look_up(const char *host)
{
	struct answer a = {0};

	assert_non_null(resolve(resolver, host, 15000, on_address, &a));
	assert_int_equal(a.calls, 0);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static void test_known_at_once(void **state)
{
	(void)state;
	assert_string_equal(look_up("127.0.0.1").address, "127.0.0.1");
	assert_string_equal(look_up("::1").address, "::1");
	assert_string_equal(
		look_up("/run/postgresql/a/folder/whose/path/is/longer/than/an/address")
			.address,
		"/run/postgresql/a/folder/whose/path/is/longer/than/an/address");
}

static void test_localhost(void **state)
{
	struct answer a = look_up("localhost"),
		      b = look_up("localhost"); /* the second from the cache */

	(void)state;
	assert_true(!strcmp(a.address, "127.0.0.1") || !strcmp(a.address, "::1"));
	assert_string_equal(a.address, b.address);
}

static void test_kept(void **state)
{
	struct resolved to = {.n = 2, .address = {"192.0.2.1", "2001:db8::1"}};
	struct answer a;

	(void)state;
	resolver_keep(resolver, "two.example", &to);
	a = look_up("two.example");
	assert_int_equal(a.n, 2);
	assert_string_equal(a.address, "192.0.2.1");
}

static void test_tries(void **state)
{
	struct resolved to = {
		.n = 3, .address = {"192.0.2.1", "2001:db8::1", "192.0.2.3"}};
	struct tries t;
	struct err e = ERR_INIT;
	int64_t within;

	(void)state;
	tries_begin(&t, &to, clock_mono_ms() + 3000);
	assert_string_equal(tries_next(&t, &within), "192.0.2.1");
	assert_true(within > 900 && within <= 1000);
	tries_failed(&t, "refused");
	assert_string_equal(tries_next(&t, &within), "2001:db8::1");
	assert_true(within > 1400 && within <= 1500);
	tries_failed(&t, "no answer");
	assert_true(tries_left(&t));
	assert_string_equal(tries_next(&t, &within), "192.0.2.3");
	assert_false(tries_left(&t));
	err_set(&e, ERR_NET, "cannot connect");
	tries_explain(&t, &e);
	assert_string_equal(e.msg,
		"cannot connect (at 192.0.2.3; before that 192.0.2.1: refused; "
		"2001:db8::1: no answer)");
	assert_null(tries_next(&t, &within));
	/* The first one taken: nothing to tell. */
	tries_begin(&t, &to, clock_mono_ms() - 1);
	tries_next(&t, &within);
	assert_int_equal(within, 0);
	err_set(&e, ERR_NET, "cannot connect");
	tries_explain(&t, &e);
	assert_string_equal(e.msg, "cannot connect");
}

static void test_failures(void **state)
{
	char name[300];
	struct answer a = look_up("");

	(void)state;
	assert_int_equal(a.err.code, ERR_CONFIG);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	a = look_up(name);
	assert_int_equal(a.err.code, ERR_CONFIG);
	a = look_up("no such host");
	assert_int_equal(a.err.code, ERR_NET);
	assert_non_null(strstr(a.err.msg, "no such host"));
	assert_string_equal(a.address, "");
}

/* Many callers of one name are served by one look-up, and may cancel each other while answered. */
static void test_shared_and_cancelled(void **state)
{
	struct answer a[3] = {0}, gone = {0};
	struct resolve_call *c[3];

	(void)state;
	resolver_free(resolver);
	resolver = resolver_new(loop);
	for (int i = 0; i < 3; i++)
		c[i] = resolve(resolver, "localhost", 15000, on_address, &a[i]);
	resolve_cancel(
		resolver, resolve(resolver, "localhost", 15000, on_address, &gone));
	resolve_cancel(resolver, NULL);
	a[0].cancel = c[1];
	a[1].cancel = c[0];
	assert_true(loop_until(loop, &a[2].done, WAIT_MS));
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 5);
	assert_int_equal(a[0].calls + a[1].calls, 1);
	assert_int_equal(gone.calls, 0);
}

/* The thread outlives the resolver, and writes into a pipe that nobody reads. */
static void test_free_meanwhile(void **state)
{
	struct answer a = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct resolver *r = resolver_new(loop);

		resolve(r, "localhost", 15000, on_address, &a);
		resolver_free(r);
	}
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 5);
	assert_int_equal(a.calls, 0);
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	resolver = resolver_new(loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resolver_free(resolver);
	loop_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_at_once),
		cmocka_unit_test(test_localhost),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_shared_and_cancelled),
		cmocka_unit_test(test_free_meanwhile),
	};

	return cmocka_run_group_tests_name("resolve", tests, setup, teardown);
}
