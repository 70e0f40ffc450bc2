#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "backends/base/str.h"
#include <stdint.h>

/* The only user of libcrypto. Outputs are lower-case hex unless said otherwise. */
void crypto_sha256(const void *bytes, size_t len, char hex[65]);
void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
	unsigned char out[32]);
/* Only for the hashed names of known_hosts files, whose format fixes it. */
void crypto_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
	unsigned char out[20]);
/* From getrandom(2); dst holds 2*bytes+1. */
void crypto_random_hex(char *dst, size_t bytes);
void crypto_base64(struct str *out, const void *bytes, size_t len);
bool crypto_unbase64(struct str *out, const char *text, size_t len) MUST_USE;

#endif
