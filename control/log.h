/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines to stderr, with the sd-daemon(3) priority prefix when stderr is the journal. Never
 * keys, never SDP.
 */
#ifndef RTPWIRE_CONTROL_LOG_H
#define RTPWIRE_CONTROL_LOG_H

#include <syslog.h>

/* Lines above this level are dropped. */
void log_set_level(unsigned int level);

/* One line at a syslog level (LOG_ERR ... LOG_DEBUG); no newline in fmt. */
void log_line(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
