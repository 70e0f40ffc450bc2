/* Any text as known_hosts: no key that is in no line of it may match. */
#include <stdint.h>
#include <string.h>

#include "backends/transport/known_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A key whose base64 form the fuzzer cannot know: the check may never accept it. */
	static const unsigned char key[] =
		"\0\0\0\13ssh-ed25519\0\0\0\40not a key that any seed would hold";
	const char *text = (const char *)data;
	char types[128];

	if (known_hosts_check(text, size, "host.example", 22, key, sizeof(key) - 1) ==
		KNOWN_MATCH)
		die(70, "a key matched that is not there");
	known_hosts_check(text, size, "host.example", 2222, key, sizeof(key) - 1);
	if (known_hosts_types(text, size, "host.example", 22, types, sizeof(types)) &&
		!*types)
		die(70, "no types, but some");
	return 0;
}
