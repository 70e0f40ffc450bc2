/* The implementation by the system's ssh. */
#define SSH_LIBSSH2 false
#include "tests/unit/ssh_cases.h"
