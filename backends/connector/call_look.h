#ifndef CONNECTOR_CALL_LOOK_H
#define CONNECTOR_CALL_LOOK_H

#include "backends/connector/call.h"

/*
 * call_proof.c: what a reply to `verify` shows, in one line too. The reply was an answer or, in e, none; a refusal that
 * proves that the thing is gone clears e. Proof is positive: what is empty, cut, odd or was so before proves nothing.
 */
enum call_look call_look(
	struct call *c, const struct exchange_reply *r, struct str *known, struct err *e);

#endif
