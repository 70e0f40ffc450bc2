/* A runbook file of arbitrary bytes: an error with a place, or a runbook; never a crash. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runbooks/engine/runbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct err e = ERR_INIT;
	struct runbook *r;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/watchdesk-fuzz-runbook.%ld", (long)getpid());
	f = fopen(path, "w");
	if (!f)
		return 0;
	fwrite(data, 1, size, f);
	fclose(f);
	r = runbook_load(path, &e);
	unlink(path);
	if (!r && e.msg[0] == '\0')
		abort();
	runbook_free(r);
	return 0;
}
