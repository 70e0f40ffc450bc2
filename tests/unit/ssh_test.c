/* The in-process implementation, libssh2. */
#define SSH_LIBSSH2 true
#include "tests/unit/ssh_cases.h"
