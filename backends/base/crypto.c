/* Digests and encodings. libcrypto fails here only without memory, which ends the process. */
#include "backends/base/crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

static const char hex_digits[] = "0123456789abcdef";

static void to_hex(char *dst, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = hex_digits[bytes[i] >> 4];
		dst[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	dst[2 * len] = '\0';
}

void crypto_sha256(const void *bytes, size_t len, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int ok = EVP_Digest(bytes, len, digest, &size, EVP_sha256(), NULL);

	BUG_ON(ok != 1 || size != 32);
	to_hex(hex, digest, 32);
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
	unsigned char out[32])
{
	unsigned int size = 0;
	const unsigned char *ok;

	BUG_ON(key_len > INT_MAX);
	ok = HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, &size);
	BUG_ON(!ok || size != 32);
}

void crypto_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
	unsigned char out[20])
{
	unsigned int size = 0;
	const unsigned char *ok;

	BUG_ON(key_len > INT_MAX);
	ok = HMAC(EVP_sha1(), key, (int)key_len, bytes, len, out, &size);
	BUG_ON(!ok || size != 20);
}

void crypto_random_hex(char *dst, size_t bytes)
{
	unsigned char piece[32];
	size_t done = 0;

	while (done < bytes) {
		size_t want = bytes - done < sizeof(piece) ? bytes - done : sizeof(piece);
		ssize_t n = getrandom(piece, want, 0);

		if (n < 0 && errno == EINTR)
			continue;
		BUG_ON(n <= 0);
		to_hex(dst + 2 * done, piece, (size_t)n);
		done += (size_t)n;
	}
	dst[2 * bytes] = '\0';
}

void crypto_base64(struct str *out, const void *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		unsigned three = (unsigned)p[i] << 16;
		char four[4] = {'=', '=', '=', '='};

		three |= have > 1 ? (unsigned)p[i + 1] << 8 : 0;
		three |= have > 2 ? (unsigned)p[i + 2] : 0;
		for (size_t k = 0; k <= have; k++)
			four[k] = digits[three >> (18 - 6 * k) & 63];
		str_add(out, four, 4);
	}
}

/* Takes the URL alphabet too: tokens use it. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool crypto_unbase64(struct str *out, const char *text, size_t len)
{
	unsigned bits = 0;
	size_t digits = 0;
	size_t padding = 0;

	for (size_t i = 0; i < len; i++) {
		int value = digit_value(text[i]);

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding > 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xFFFF;
		/* The first digit of four completes no byte; the others complete one each. */
		if (digits++ % 4 != 0 &&
			!str_addc(
				out, (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFF)))
			return false;
	}
	if (digits % 4 == 1)
		return false;
	return padding == 0 || (padding < 3 && (digits + padding) % 4 == 0);
}
