/* Theme files: what is read, and what is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/theme.h"

static bool parse(struct theme *t, const char *text, struct err *e)
{
	return theme_parse(t, "t.yaml", text, strlen(text), e);
}

static void colours_and_attributes_are_read(void **state)
{
	(void)state;
	struct theme t;
	struct err e = ERR_INIT;
	assert_true(parse(&t,
		"theme: x\nroles:\n  bad: {fg: [203, red], bold: true}\n  dim: {fg: "
		"blue, bg: default}\n",
		&e));
	assert_int_equal(t.roles[ROLE_BAD].fg, 203);
	assert_int_equal(t.roles[ROLE_BAD].fg16, 1);
	assert_int_equal(t.roles[ROLE_BAD].attrs, STYLE_BOLD);
	assert_int_equal(t.roles[ROLE_DIM].fg, 4);
	assert_int_equal(t.roles[ROLE_DIM].bg, -1);
	assert_int_equal(t.roles[ROLE_GOOD].fg, -1);
	assert_false(t.no_colour);
}

static void mistakes_are_refused_with_their_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"theme: x\nroles:\n  bda: {fg: red}\n", "t.yaml:3:3"},
		{"theme: x\nroles:\n  bad: {fg: rde}\n", "t.yaml:3:13"},
		{"theme: x\nroles:\n  bad: {fg: 256}\n", "not a colour"},
		{"theme: x\nroles:\n  bad: {fg: 203}\n", "needs a second one"},
		{"roles: {}\n", "theme"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct theme t;
		struct err e = ERR_INIT;
		assert_false(parse(&t, bad[i].text, &e));
		if (!strstr(e.msg, bad[i].says))
			fail_msg("%s: does not say %s", e.msg, bad[i].says);
	}
}

static void shipped_themes_load(void **state)
{
	(void)state;
	static const char *const names[] = {"themes/default.yaml", "themes/mono.yaml",
		"themes/light.yaml", "themes/high-contrast.yaml",
		"themes/colour-blind.yaml"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct theme t;
		struct err e = ERR_INIT;
		if (!theme_load(&t, names[i], &e))
			fail_msg("%s", e.msg);
	}
}

/* What is bad must not look like plain text where there are no colours. */
static void mono_tells_danger_apart(void **state)
{
	(void)state;
	struct theme t;
	struct err e = ERR_INIT;
	assert_true(theme_load(&t, "themes/mono.yaml", &e));
	assert_true(t.roles[ROLE_DANGER].attrs & STYLE_REVERSE);
	assert_true(t.roles[ROLE_BAD].attrs != 0);
	for (int i = 0; i < ROLE_COUNT; i++)
		assert_int_equal(t.roles[i].fg, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_and_attributes_are_read),
		cmocka_unit_test(mistakes_are_refused_with_their_place),
		cmocka_unit_test(shipped_themes_load),
		cmocka_unit_test(mono_tells_danger_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
