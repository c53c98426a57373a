/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages for people on standard error. Never called by a worker's loop.
 * Any thread; each message is one write.
 */
#ifndef RTPWIRE_DATAPLANE_LOG_H
#define RTPWIRE_DATAPLANE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages of a level above this one are not written. The default is LOG_LEVEL_INFO. */
void log_level_set(enum log_level level);

/* Who speaks, for programs that use the dataplane's code; name must stay. Before a second thread is started. */
void log_program_set(const char *name);

/* Parses "error", "warning", "info" or "debug". 0 and *out, or -EINVAL. */
int log_level_parse(const char *text, enum log_level *out);

/* Writes one line, the program's name in front, cut at about 1,000 bytes. */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
