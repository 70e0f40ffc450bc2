#include "backends/base/money.h"

#include <string.h>

#include "backends/base/str.h"

/* Blanks between groups of three. */
static void group(char *dst, size_t size, const char *digits, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len && out + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			dst[out++] = ' ';
		dst[out++] = digits[i];
	}
	dst[out] = '\0';
}

void count_format(char *dst, size_t size, long long n)
{
	char digits[32];
	size_t minus = n < 0;

	(void)str_format(digits, sizeof(digits), "%lld", n);
	if (minus && size > 1)
		*dst++ = '-';
	group(dst, size - minus, digits + minus, strlen(digits) - minus);
}

/* ".5" -> ".50", ".123" -> ".12", nothing stays nothing. */
static void cents_of(char dst[4], const char *fraction)
{
	dst[0] = '\0';
	if (fraction[0] != '.' || !fraction[1])
		return;
	dst[0] = '.';
	dst[1] = fraction[1];
	dst[2] = (char)(fraction[2] ? fraction[2] : '0');
	dst[3] = '\0';
}

void money_format(char *dst, size_t size, const char *amount, const char *currency)
{
	const char *digits = amount + (amount[0] == '-');
	size_t len = strspn(digits, "0123456789");
	const char *fraction = digits + len;
	char whole[48], cents[4] = "";

	dst[0] = '\0';
	if (!*amount)
		return;
	if (len == 0 || len > 30 ||
		(*fraction &&
			(*fraction != '.' ||
				fraction[1 + strspn(fraction + 1, "0123456789")]))) {
		(void)str_format(
			dst, size, "%s%s%s", amount, *currency ? " " : "", currency);
		return;
	}
	group(whole, sizeof(whole), digits, len);
	if (len < 3)
		cents_of(cents, fraction);
	bool dollar = strcmp(currency, "USD") == 0;
	(void)str_format(dst, size, "%s%s%s%s%s%s", amount[0] == '-' ? "-" : "",
		dollar ? "$" : "", whole, cents, dollar || !*currency ? "" : " ",
		dollar ? "" : currency);
}
