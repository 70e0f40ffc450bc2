#ifndef BASE_LOG_PRIVATE_H
#define BASE_LOG_PRIVATE_H

/* Wipes what log_redact keeps: log_close does it last. */
void log_forget_secrets(void);

#endif
